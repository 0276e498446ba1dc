using System.Collections;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Resilience;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>One tenant against another's grains: every interface and every method, found by reflection.</summary>
public class HostileTenantTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    public static TheoryData<Type> GrainInterfaces() => [.. typeof(ITenantGrain).Assembly.GetTypes()
        .Where(t => t.IsInterface && typeof(IGrainWithStringKey).IsAssignableFrom(t) && t != typeof(IReplicatedGrain)).OrderBy(t => t.FullName)];

    /// <summary>Those of the grain itself and those that it has of a kind of grains.</summary>
    private static IEnumerable<MethodInfo> Methods(Type type) => type.GetInterfaces().Where(of => of.Assembly == type.Assembly).Append(type).SelectMany(of => of.GetMethods());

    [Theory]
    [MemberData(nameof(GrainInterfaces))]
    public async Task A_stranger_is_refused_by_every_method_in_words_that_tell_nothing(Type type)
    {
        var texts = new HashSet<string>();
        foreach (var method in Methods(type))
        {
            texts.Add((await Refused(type, KeyOf("victim", type), method, () => CallerContext.For(TenantId.Parse("stranger")))).Message);
            texts.Add((await Refused(type, KeyOf("victim", type), method, () => CallerContext.For(TenantId.Parse("system")))).Message);
            texts.Add((await Refused(type, KeyOf("victim", type), method, () => default)).Message);
        }
        Assert.Single(texts);
    }

    [Theory]
    [MemberData(nameof(GrainInterfaces))]
    public async Task No_tenant_reaches_a_system_grain(Type type)
    {
        foreach (var method in Methods(type))
            await Refused(type, KeyOf(TenantKey.System, type), method, () => CallerContext.For(TenantId.Parse("victim")));
    }

    private static string KeyOf(string tenant, Type type) => type.Name switch
    {
        nameof(IPipelineGrain) or nameof(ICircuitBreakerGrain) or nameof(IConnectorGrain) or nameof(IEmbeddingGrain) or nameof(IChunkingGrain) or nameof(IChatSessionGrain) or nameof(IProjectionGrain) or nameof(IIdempotencyGrain) or nameof(IRateLimitGrain) => $"{tenant}/index",
        nameof(IPartitionLaneGrain) => $"{tenant}/crm/lane-0",
        nameof(ITenantEndGrain) => $"{tenant}/ending/victim",
        nameof(ISignInThrottleGrain) => $"{tenant}/sign-in/address-0",
        _ => tenant,
    };

    private async Task<RefusedException> Refused(Type type, string key, MethodInfo method, Func<CallerContext.Scope> caller)
    {
        var grain = app.Services.GetRequiredService<IGrainFactory>().GetGrain(type, key);
        var arguments = method.GetParameters().Select(p => Plain(p.ParameterType)).ToArray();
        // A one-way call has no answer that could refuse; that nothing happened is tested where it could.
        if (method.GetCustomAttribute<Orleans.Concurrency.OneWayAttribute>() is not null)
            return new(RefusalCode.Forbidden, "There is no such thing, or it is not yours.");
        return await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            using var _ = caller();
            var result = method.Invoke(grain, arguments);
            if (result is Task task)
                await task;
            else if (result?.GetType().GetMethod("AsTask") is { } asTask)
                await (Task)asTask.Invoke(result, null)!;
            else
                await Drained((dynamic)result!);
        });
    }

    private static async Task Drained<T>(IAsyncEnumerable<T> stream)
    {
        await foreach (var _ in stream)
        {
        }
    }

    private static object? Plain(Type type) => type == typeof(string) ? "x"
        : type.IsValueType ? Activator.CreateInstance(type)
        : type.IsAssignableTo(typeof(IEnumerable)) && type.IsGenericType && type.GetGenericArguments() is [var item] ? Array.CreateInstance(item, 0)
        : null;
}
