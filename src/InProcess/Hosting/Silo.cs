using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.InProcess.Observers;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.InProcess;

/// <summary>The parts of one silo, and nothing else: each part does its own work.</summary>
internal sealed class Silo
{
    public Silo(IServiceProvider services, IRuntimeWorld world, GrainClasses classes, DeepCopier copier, ILogger<Silo> logger,
        IOptions<SiloMessagingOptions> messaging, IOptions<GrainCollectionOptions> collection,
        IEnumerable<IIncomingGrainCallFilter> incoming, IEnumerable<IOutgoingGrainCallFilter> outgoing)
    {
        Services = services;
        World = world;
        Copier = copier;
        Logger = logger;
        Messaging = messaging.Value;
        Collection = collection.Value;
        MessagingTime = Clock(TimeProviderNames.Messaging);
        SystemTime = Clock(TimeProviderNames.SystemTimers);
        GrainTime = Clock(TimeProviderNames.Grains);
        CollectionTime = Clock(TimeProviderNames.ActivationManagement);
        Filters = new([.. incoming], [.. outgoing]);
        References = new(this);
        Calls = new(this);
        Catalog = new(this, classes);
        Observers = new(this);
        Factory = new(this, classes);
        Collector = new(this);
    }

    public IServiceProvider Services { get; }

    public IRuntimeWorld World { get; }

    public DeepCopier Copier { get; }

    public ILogger Logger { get; }

    public SiloMessagingOptions Messaging { get; }

    public GrainCollectionOptions Collection { get; }

    public TimeProvider MessagingTime { get; }

    public TimeProvider SystemTime { get; }

    public TimeProvider GrainTime { get; }

    public TimeProvider CollectionTime { get; }

    public CallFilters Filters { get; }

    public References References { get; }

    public CallSender Calls { get; }

    public Catalog Catalog { get; }

    public ObserverTable Observers { get; }

    public GrainFactory Factory { get; }

    public IdleCollector Collector { get; }

    /// <summary>How the tasks that callers wait for continue them.</summary>
    public TaskCreationOptions Continuing => World.IsSingleThreaded ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously;

    public TimeProvider Clock(string name) => Services.GetKeyedService<TimeProvider>(name)
        ?? Services.GetService<TimeProvider>()
        ?? TimeProvider.System;
}
