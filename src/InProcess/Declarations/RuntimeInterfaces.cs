using Orleans.Timers;

namespace Orleans.Runtime;

/// <summary>One activation of one grain, seen from its code.</summary>
public interface IGrainContext : IEquatable<IGrainContext>
{
    /// <summary>A reference to the grain.</summary>
    GrainReference GrainReference { get; }

    /// <summary>Who the grain is.</summary>
    GrainId GrainId { get; }

    /// <summary>The instance of the grain class; null until constructed.</summary>
    object? GrainInstance { get; }

    /// <summary>Which activation this is.</summary>
    ActivationId ActivationId { get; }

    /// <summary>A scope of services that lives as long as the activation.</summary>
    IServiceProvider ActivationServices { get; }

    /// <summary>Completes when the activation has ended.</summary>
    Task Deactivated { get; }

    /// <summary>A component kept with the activation, or null.</summary>
    TComponent? GetComponent<TComponent>() where TComponent : class;

    /// <summary>Keeps a component with the activation; null removes it.</summary>
    void SetComponent<TComponent>(TComponent? value) where TComponent : class;

    /// <summary>Ends the activation once the calls that run now have ended.</summary>
    void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
}

/// <summary>Gives services of an activation's scope the activation.</summary>
public interface IGrainContextAccessor
{
    /// <summary>The activation whose turn runs now.</summary>
    IGrainContext GrainContext { get; }
}

/// <summary>What <see cref="Grain"/> asks of the runtime.</summary>
public interface IGrainRuntime
{
    /// <summary>The silo as text.</summary>
    string SiloIdentity { get; }

    /// <summary>The silo's address.</summary>
    SiloAddress SiloAddress { get; }

    /// <summary>Makes references.</summary>
    IGrainFactory GrainFactory { get; }

    /// <summary>Makes timers.</summary>
    ITimerRegistry TimerRegistry { get; }

    /// <summary>The services of the silo.</summary>
    IServiceProvider ServiceProvider { get; }

    /// <summary>The clock of grains.</summary>
    TimeProvider TimeProvider { get; }

    /// <summary>See <see cref="Grain.DeactivateOnIdle"/>.</summary>
    void DeactivateOnIdle(IGrainContext grainContext);

    /// <summary>See <see cref="Grain.DelayDeactivation"/>.</summary>
    void DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan);
}

/// <summary>The silo that code runs in.</summary>
public interface ILocalSiloDetails
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>The cluster's name.</summary>
    string ClusterId { get; }

    /// <summary>The machine's name.</summary>
    string DnsHostName { get; }

    /// <summary>Its address.</summary>
    SiloAddress SiloAddress { get; }

    /// <summary>Where clients connect.</summary>
    SiloAddress GatewayAddress { get; }
}

/// <summary>The names under which a <see cref="TimeProvider"/> may be registered; without a key it serves all of them.</summary>
public static class TimeProviderNames
{
    /// <summary>The clock of grain code and grain timers.</summary>
    public const string Grains = "Orleans.Grains";

    /// <summary>The clock of response timeouts.</summary>
    public const string Messaging = "Orleans.Messaging";

    /// <summary>The clock of the runtime's own timers.</summary>
    public const string SystemTimers = "Orleans.SystemTimers";

    /// <summary>The clock of membership; unused in one process.</summary>
    public const string Membership = "Orleans.Membership";

    /// <summary>The clock of idle collection.</summary>
    public const string ActivationManagement = "Orleans.ActivationManagement";

    /// <summary>The clock of the grain directory; unused in one process.</summary>
    public const string GrainDirectory = "Orleans.GrainDirectory";
}
