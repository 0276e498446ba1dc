using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime.ReminderService;

namespace Orleans.InProcess;

/// <summary>Starts and stops the parts of a silo with its host.</summary>
internal sealed class SiloService(Silo silo, IServiceProvider services, IEnumerable<StartupTask> startupTasks) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        silo.Calls.Pending.Start();
        silo.Collector.Start();
        if (services.GetService<LocalReminderService>() is { } reminders)
            await reminders.Start(cancellationToken);
        foreach (var task in startupTasks)
            await task.Run(services, cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (services.GetService<LocalReminderService>() is { } reminders)
            await reminders.Stop(cancellationToken);
        silo.Collector.Dispose();
        try
        {
            await silo.Catalog.Stop(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        silo.Calls.Pending.Dispose();
    }
}
