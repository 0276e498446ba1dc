using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>The grains of pipelines in a silo over the embedded store; it can be stopped and started again over the same folder.</summary>
internal sealed class PipelineHost : IAsyncDisposable
{
    /// <summary>What a pipeline makes of the bytes of <see cref="Sevens"/>.</summary>
    public const string MadeSecret = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-silo-" + Path.GetRandomFileName());
    private IHost? host;

    private Action<IServiceCollection>? adapt;

    public FakeFiles Files { get; } = new();

    public IGrainFactory Grains => host!.Services.GetRequiredService<IGrainFactory>();

    public IPipelineGrain Pipeline => Grains.GetGrain<IPipelineGrain>("acme/crm");

    public ILogStore Log => host!.Services.GetRequiredService<ILogStore>();

    public IVectorStore Vectors => host!.Services.GetRequiredService<IVectorStore>();

    public IIndexStore Index => host!.Services.GetRequiredService<IIndexStore>();

    public IServiceProvider Services => host!.Services;

    public T Options<T>() where T : class => host!.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<T>>().Value;

    /// <param name="adapt">Replaces services, now and whenever it is started again.</param>
    public static async Task<PipelineHost> Start(Action<IServiceCollection>? adapt = null)
    {
        var world = new PipelineHost { adapt = adapt };
        await world.Up();
        return world;
    }

    public async Task Up()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo.UseSingleSilo().AddReminders().AddIncomingGrainCallFilter<TenantCallFilter>());
        builder.Services.AddSophiaStorage(storage => storage.DataFolder = root);
        builder.Services.AddSingleton<ISourceKind>(Files);
        builder.Services.AddSingleton<IBatchJudges, NoNegativeAmounts>();
        builder.Services.AddSingleton<ISecretResolver, OneSecret>();
        builder.Services.AddSingleton<ISecretSource, Sevens>();
        builder.Services.AddSophiaKnowledge();
        builder.Services.AddSophiaLog();
        builder.Services.AddSophiaPipelines(pipelines => (pipelines.BatchRecords, pipelines.Parallelism) = (2, 2));
        adapt?.Invoke(builder.Services);
        host = builder.Build();
        await host.StartAsync();
        using var _ = CallerContext.ForSystem("test");
        await Grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).Add(PipelineWorld.Tenant);
    }

    public async Task Down()
    {
        await host!.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    /// <summary>Calls as the tenant until an answer is as wanted.</summary>
    public Task<T> Until<T>(Func<IPipelineGrain, Task<T>> ask, Func<T, bool> wanted) => Eventually.Get(() => As(ask), wanted, "the answer that was waited for");

    public Task<RunView> Ended(string runId) => Until(async pipeline => (await pipeline.Run(runId))!, run => run.EndedAt is not null);

    public async Task<T> As<T>(Func<IPipelineGrain, Task<T>> ask)
    {
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        return await ask(Pipeline);
    }

    public async ValueTask DisposeAsync()
    {
        await Down();
        Directory.Delete(root, recursive: true);
    }

    private sealed class Sevens : ISecretSource
    {
        public void Fill(Span<byte> buffer) => buffer.Fill(7);
    }

    private sealed class OneSecret : ISecretResolver
    {
        public string? Objection(TenantId tenant, SecretReference reference) => null;

        public ValueTask<string?> Resolve(TenantId tenant, SecretReference reference, CancellationToken cancellation) => ValueTask.FromResult<string?>("s3cret");
    }
}
