using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.InProcess.Timers;
using Orleans.Runtime;
using Orleans.Timers;

namespace Orleans.InProcess;

/// <summary>What grains ask of their silo.</summary>
internal sealed class GrainRuntime(Silo silo, ILocalSiloDetails details, IServiceProvider services) : IGrainRuntime, ITimerRegistry,
    IGrainContextAccessor
{
    public string SiloIdentity => details.SiloAddress.ToString();

    public SiloAddress SiloAddress => details.SiloAddress;

    public IGrainFactory GrainFactory => silo.Factory;

    public ITimerRegistry TimerRegistry => this;

    public IServiceProvider ServiceProvider => services;

    public TimeProvider TimeProvider => silo.GrainTime;

    public IGrainContext GrainContext => RuntimeContext.Current!;

    public void DeactivateOnIdle(IGrainContext grainContext) => grainContext.Deactivate(
        new(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

    public void DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) => ((Activation)grainContext).DelayCollection(timeSpan);

    public IGrainTimer RegisterGrainTimer<TState>(IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state,
        GrainTimerCreationOptions options)
    {
        var activation = (Activation)grainContext;
        if (RuntimeContext.Activation != activation)
            throw new InvalidOperationException("A grain timer must be made in a turn of its own grain.");
        return new GrainTimer(activation, cancellation => callback(state, cancellation), options);
    }
}

/// <summary>Names and address of the silo; it listens nowhere.</summary>
internal sealed class LocalSiloDetails(Silo self, IOptions<SiloOptions> silo, IOptions<ClusterOptions> cluster) : ILocalSiloDetails
{
    public string Name => silo.Value.SiloName;

    public string ClusterId => cluster.Value.ClusterId;

    public string DnsHostName => "localhost";

    public SiloAddress SiloAddress => self.Address;

    public SiloAddress GatewayAddress => SiloAddress;
}
