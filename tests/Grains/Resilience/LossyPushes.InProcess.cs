using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.InProcess;

namespace Sophia.Resilience;

/// <summary>Pushes of changes, which may be lost on their way: the world of production beside that. Its counterpart is LossyPushes.Orleans.cs.</summary>
internal sealed class LossyPushes : IRuntimeWorld
{
    private readonly ThreadPoolWorld inner = new();

    public bool AreLost { get; set; }

    public int TurnsPerSlice => inner.TurnsPerSlice;

    public bool IsSingleThreaded => false;

    public void GoThrough(ISiloBuilder silo) => silo.Services.AddSingleton<IRuntimeWorld>(this);

    public void Schedule(ITurnSource source) => inner.Schedule(source);

    public void Deliver(Envelope message, MessageLeg leg)
    {
        if (!AreLost || message.Subject != "IReplicaObserver.Changed")
            inner.Deliver(message, leg);
    }

    public Guid NewGuid() => inner.NewGuid();
}
