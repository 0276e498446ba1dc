using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sophia.Operations;

namespace Sophia.Security;

/// <summary>Stands before every grain of ours and refuses a stranger, in words that are the same whether the thing exists or not.</summary>
public sealed partial class TenantCallFilter(ILogger<TenantCallFilter> logger, Tenants.ITenantGate? gate = null) : IIncomingGrainCallFilter
{
    private static readonly string Ours = typeof(Tenants.ITenantGrain).Assembly.GetName().Name!;
    private static readonly ConcurrentDictionary<Type, bool> Known = [];

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (!IsOurs(context.InterfaceMethod?.DeclaringType))
            return context.Invoke();
        var target = context.TargetId.Key.ToString() ?? "";
        if (TenantCallRules.MayCall(target, CallerContext.Tenant, CallerContext.SystemReason, context.SourceId?.Key.ToString()))
        {
            if (gate is null || TenantCallRules.IsFromOutside(target, CallerContext.SystemReason, context.SourceId?.Key.ToString(), context.InterfaceMethod) is not { } tenant)
                return context.Invoke();
            var open = gate.MustBeOpen(tenant);
            return open.IsCompletedSuccessfully ? context.Invoke() : Invoke(context, open);
        }
        LogRefused(context.InterfaceName, context.MethodName, CallerContext.Tenant?.Value);
        throw new RefusedException(RefusalCode.Forbidden, SystemCall.NotYours);
    }

    private static async Task Invoke(IIncomingGrainCallContext context, ValueTask open)
    {
        await open;
        await context.Invoke();
    }

    // The runtime's own interfaces (reminders, management) are called by the runtime alone; but the steps of a stream are calls of its own, too,
    // and whoever may not start one may not go on with it.
    private static bool IsOurs(Type? type) => type is not null && Known.GetOrAdd(type, static type => type.Assembly.GetName().Name == Ours || type.Name == "IAsyncEnumerableGrainExtension");

    [LoggerMessage(4001, LogLevel.Warning, "Refused {Contract}.{Method} to a stranger (acting for {Tenant})")]
    private partial void LogRefused(string contract, string method, string? tenant);
}
