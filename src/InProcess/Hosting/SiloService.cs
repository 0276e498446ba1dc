using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.ReminderService;

namespace Orleans.InProcess;

/// <summary>Starts and stops a silo with its host, in the stages of Orleans: those who take part see the same order on both runtimes.</summary>
internal sealed class SiloService(Silo silo, SiloLifecycle lifecycle, ILocalSiloDetails details, IServiceProvider services,
    IEnumerable<ILifecycleParticipant<ISiloLifecycle>> participants, IEnumerable<StartupTask> startupTasks) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifecycle.Subscribe<SiloService>(ServiceLifecycleStage.RuntimeInitialize, Begin, End);
        lifecycle.Subscribe<SiloService>(ServiceLifecycleStage.BecomeActive, _ => Become(SiloStatus.Active),
            stop => Become(stop.IsCancellationRequested ? SiloStatus.Stopping : SiloStatus.ShuttingDown));
        lifecycle.Subscribe<SiloService>(ServiceLifecycleStage.GrainDeactivation, _ => Task.CompletedTask, DeactivateGrains);
        lifecycle.Subscribe<SiloService>(ServiceLifecycleStage.Active, StartServing, StopReminders);
        foreach (var participant in participants)
            participant.Participate(lifecycle);
        return lifecycle.Start(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => silo.HasCrashed ? Task.CompletedTask : lifecycle.Stop(cancellationToken);

    private Task Begin(CancellationToken cancellation)
    {
        silo.Cluster.Membership.Join(silo, details.Name, details.DnsHostName);
        silo.Calls.Pending.Start();
        silo.Collector.Start();
        return Task.CompletedTask;
    }

    private Task Become(SiloStatus status)
    {
        silo.Cluster.Membership.Set(silo, status);
        return Task.CompletedTask;
    }

    private async Task StartServing(CancellationToken cancellation)
    {
        if (services.GetService<LocalReminderService>() is { } reminders)
        {
            silo.Reminders = reminders;
            await reminders.Start(cancellation);
        }
        foreach (var task in startupTasks)
            await task.Run(services, cancellation);
    }

    private async Task StopReminders(CancellationToken cancellation)
    {
        if (silo.Reminders is { } reminders)
            await reminders.Stop(cancellation);
    }

    private async Task DeactivateGrains(CancellationToken cancellation)
    {
        silo.Collector.Dispose();
        try
        {
            await silo.Catalog.Stop(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    private Task End(CancellationToken cancellation)
    {
        silo.Cluster.DeclareDead(silo.Address);
        silo.End();
        return Task.CompletedTask;
    }
}

/// <summary>Starts and stops a client with its host.</summary>
internal sealed class ClientService(Silo client) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        client.Cluster.Membership.Join(client, "client", "localhost");
        client.Calls.Pending.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        client.Cluster.Membership.Set(client, SiloStatus.Dead);
        client.End();
        return Task.CompletedTask;
    }
}
