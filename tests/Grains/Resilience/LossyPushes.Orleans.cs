using Orleans;
using Orleans.Hosting;
using Orleans.Serialization.Invocation;

namespace Sophia.Resilience;

/// <summary>Pushes of changes, which may be lost on their way. Its counterpart is LossyPushes.InProcess.cs.</summary>
internal sealed class LossyPushes : IOutgoingGrainCallFilter
{
    public bool AreLost { get; set; }

    public void GoThrough(ISiloBuilder silo) => silo.AddOutgoingGrainCallFilter(this);

    public Task Invoke(IOutgoingGrainCallContext context)
    {
        if (!AreLost || context.InterfaceMethod?.DeclaringType != typeof(IReplicaObserver))
            return context.Invoke();
        context.Response = Response.Completed; // Who sent it knows nothing of the loss.
        return Task.CompletedTask;
    }
}
