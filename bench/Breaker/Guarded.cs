using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Polly;
using Polly.CircuitBreaker;
using Sophia.Hosting;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>A silo with its breakers over a scratch folder, and Polly's breaker beside it, configured alike.</summary>
internal sealed class Guarded : IAsyncDisposable
{
    private static readonly TenantId Tenant = TenantId.Parse("bench");

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"sophia-bench-breaker-{Guid.NewGuid():n}");
    private readonly IHost host;

    private Guarded(BreakerOptions options)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo.UseSingleSilo().AddReminders().AddIncomingGrainCallFilter<TenantCallFilter>());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSophiaStorage(storage => storage.DataFolder = folder);
        builder.Services.AddSophiaPlacement();
        builder.Services.AddBreakers(breakers => breakers.Default = options);
        host = builder.Build();
    }

    /// <summary>Ours, closed, and known to be so by its truth.</summary>
    public IBreaker Closed => host.Services.GetRequiredService<IBreakers>().For(Tenant, "closed");

    /// <summary>Ours, opened.</summary>
    public IBreaker Open => host.Services.GetRequiredService<IBreakers>().For(Tenant, "open");

    /// <summary>Ours among Polly's strategies.</summary>
    public ResiliencePipeline Strategy { get; private set; } = null!;

    /// <summary>Polly's breaker alone.</summary>
    public ResiliencePipeline Polly { get; } = new ResiliencePipelineBuilder().AddCircuitBreaker(new CircuitBreakerStrategyOptions { FailureRatio = 0.5, MinimumThroughput = 20, SamplingDuration = TimeSpan.FromSeconds(30) }).Build();

    /// <summary>Polly's breaker, opened.</summary>
    public ResiliencePipeline PollyOpen { get; private set; } = null!;

    /// <summary>Polly's pipeline with nothing in it.</summary>
    public ResiliencePipeline Nothing => ResiliencePipeline.Empty;

    public static async Task<Guarded> Start()
    {
        var guarded = new Guarded(new BreakerOptions { BreakFor = TimeSpan.FromHours(1), LongestBreak = TimeSpan.FromHours(1) });
        await guarded.host.StartAsync();
        guarded.Strategy = new ResiliencePipelineBuilder().AddBreaker(guarded.Closed, static _ => CallOutcome.Failed).Build();
        while ((await guarded.Closed.Enter(default)).Permit.Probe != 0)
            await Task.Yield();
        for (var entry = await guarded.Open.Enter(default); !entry.IsRefused; entry = guarded.Open.TryEnter())
            entry.Permit.Report(CallOutcome.Failed);
        var manual = new CircuitBreakerManualControl();
        guarded.PollyOpen = new ResiliencePipelineBuilder().AddCircuitBreaker(new CircuitBreakerStrategyOptions { ManualControl = manual }).Build();
        await manual.IsolateAsync();
        return guarded;
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
