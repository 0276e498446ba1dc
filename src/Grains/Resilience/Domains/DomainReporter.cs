using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What a process is called and does.</summary>
public sealed class ProcessOptions
{
    public ProcessRole Role { get; set; } = ProcessRole.Silo;
}

/// <summary>Says of this process that it lives, for whom it works and what it calls: one report with each exchange. It also keeps the truth awake, which thereby goes on after a crash.</summary>
internal sealed class DomainReporter(Replicas replicas, CallTraces traces, IOptions<ProcessOptions> process, IOptions<ReplicaOptions> named, IServiceProvider services, TimeProvider time) : IHostedService, IReplicaUser<DomainCopy>, ITenantCopies, IDisposable
{
    private const int MostTenants = 500;

    /// <summary>Shorter than a replica is kept without being used.</summary>
    private static readonly TimeSpan UseEvery = TimeSpan.FromMinutes(1);

    private ITimer? clock;
    private Replica<DomainCopy>? replica;

    public bool HoldsRecords => false;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Use();
        clock = time.CreateTimer(static self => ((DomainReporter)self!).Use(), this, UseEvery, UseEvery);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public byte[] Report() => DomainTruth.Write(new ProcessReport(Name, process.Value.Role, [.. replicas.TenantsInUse(MostTenants).Select(tenant => tenant.Value)], traces.Seen()));

    public void Received(DomainCopy newer, TimeSpan age)
    {
    }

    public void Forget(TenantId tenant) => traces.Forget(tenant);

    public void Dispose() => clock?.Dispose();

    private string Name => named.Value.ProcessName ?? services.GetService<ILocalSiloDetails>()?.Name ?? Environment.MachineName;

    private void Use()
    {
        if (replica is not { IsLetGo: false })
        {
            replica = replicas.Get(DomainTruth.Singleton, TenantKey.System);
            replica.Attach(this);
        }
        replica.Use();
    }
}
