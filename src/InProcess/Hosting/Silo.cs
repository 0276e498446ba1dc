using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.InProcess.Management;
using Orleans.InProcess.Observers;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.ReminderService;
using Orleans.Serialization;

namespace Orleans.InProcess;

/// <summary>The parts of one silo, or of a client, which is a silo that has no grains; each part does its own work.</summary>
internal sealed class Silo
{
    private volatile SiloStatus _status = SiloStatus.Created;
    private volatile bool _hasCrashed;
    private volatile bool _isGone;

    public Silo(IServiceProvider services, InProcessCluster cluster, SiloRole role, IRuntimeWorld world, GrainClasses classes, DeepCopier copier, ILogger<Silo> logger,
        IOptions<SiloMessagingOptions> messaging, IOptions<GrainCollectionOptions> collection,
        IEnumerable<IIncomingGrainCallFilter> incoming, IEnumerable<IOutgoingGrainCallFilter> outgoing)
    {
        Services = services;
        Cluster = cluster;
        IsClient = role.IsClient;
        Address = cluster.Membership.NewAddress();
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
        Classes = classes;
        Placement = new(this, classes);
        Catalog = new(this, classes);
        Observers = new(this);
        Factory = new(this, classes);
        Collector = new(this);
        Load = new(SystemTime);
    }

    public InProcessCluster Cluster { get; }

    public SiloAddress Address { get; }

    public bool IsClient { get; }

    public SiloStatus Status
    {
        get => _status;
        set => _status = value;
    }

    /// <summary>It ended without warning: nothing that belongs to it runs any more.</summary>
    public bool HasCrashed => _hasCrashed;

    /// <summary>It has ended, well or not: nothing is sent from it.</summary>
    public bool IsGone => _isGone;

    /// <summary>What it says of itself.</summary>
    public SiloMetadata Metadata => field ??= Services.GetService<IOptions<SiloMetadata>>()?.Value ?? SiloMetadata.Empty;

    public GrainClasses Classes { get; }

    public Placement Placement { get; }

    /// <summary>The reminders that this silo watches; null when it has none.</summary>
    public LocalReminderService? Reminders { get; set; }

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

    public ProcessLoad Load { get; }

    /// <summary>How the tasks that callers wait for continue them.</summary>
    public TaskCreationOptions Continuing => World.IsSingleThreaded ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>A request arrives: lost if this has crashed, refused if it has stopped.</summary>
    public void Receive(Message request)
    {
        if (_hasCrashed)
            return;
        if (_isGone)
            request.Reject(new SiloUnavailableException($"Silo '{Address}' is shutting down; the call had no effect."));
        else
            Catalog.Dispatch(request);
    }

    /// <summary>Ends without warning.</summary>
    public void Crash()
    {
        _hasCrashed = true;
        End();
    }

    /// <summary>Stops whatever goes by a clock, and leaves.</summary>
    public void End()
    {
        _isGone = true;
        Collector.Dispose();
        Reminders?.Dispose();
        Calls.End();
        if (Status == SiloStatus.Dead)
            Cluster.Membership.Leave(this);
    }

    public TimeProvider Clock(string name) => Services.GetKeyedService<TimeProvider>(name)
        ?? Services.GetService<TimeProvider>()
        ?? TimeProvider.System;
}

/// <summary>Whether a host has grains or only calls them.</summary>
internal sealed record SiloRole(bool IsClient);
