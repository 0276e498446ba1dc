using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Sophia.Operations;

namespace Sophia.Queues;

/// <summary>Puts the work queue together: its grains, this process's workers, and what they can do.</summary>
public static class QueueServices
{
    public static IServiceCollection AddSophiaQueues(this IServiceCollection services, Action<QueueOptions>? configure = null)
    {
        services.AddOptions<QueueOptions>().Configure(configure ?? (_ => { })).Validate(options => options.IsInRange, "QueueOptions: a limit is out of its range.").ValidateOnStart();
        services.AddSophiaPlacement();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IWorkIntake, WorkIntake>();
        services.AddWorkHandler<Knowledge.ReindexHandler>();
        services.AddWorkHandler<Pipelines.RunHandler>();
        services.AddWorkHandler<Quality.BulkHandler>();
        services.AddSingleton<Pipelines.RunTurns>();
        foreach (var queue in ServedQueue.All)
            services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<WorkPump>(provider, queue));
        services.AddHostedService<QueueSweeper>();
        return services;
    }

    /// <summary>Adds who does work of a kind.</summary>
    public static IServiceCollection AddWorkHandler<THandler>(this IServiceCollection services) where THandler : class, IWorkHandler => services.AddSingleton<IWorkHandler, THandler>();
}
