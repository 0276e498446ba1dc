using Orleans;
using Orleans.Hosting;

namespace Sophia.Resilience;

/// <summary>Pushes of changes, which may be lost on their way. Its counterpart is LossyPushes.InProcess.cs.</summary>
internal sealed class LossyPushes : IOutgoingGrainCallFilter
{
    public bool AreLost { get; set; }

    public void GoThrough(ISiloBuilder silo) => silo.AddOutgoingGrainCallFilter(this);

    public Task Invoke(IOutgoingGrainCallContext context) => AreLost && context.InterfaceMethod?.DeclaringType == typeof(IReplicaObserver) ? Task.CompletedTask : context.Invoke();
}
