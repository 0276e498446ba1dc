using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>Several silos and clients in one process: who is there, and which silo has which grain. Each is a host of its own that is
/// given the same one of these as a service; a silo that is given none is a cluster by itself.</summary>
/// <remarks>
/// <para>All see the same membership and the same directory at once; only messages take the way of the <see cref="IRuntimeWorld"/>.
/// What a network and its failure detectors would make of a failure is said from outside, in two steps that may come in either order:
/// <see cref="Crash"/> ends a silo, and nobody knows; <see cref="DeclareDead"/> has the others take it for dead, and it may still run.
/// A silo that is declared dead before it has crashed goes on with the activations that it has, beside their successors elsewhere:
/// that is how a grain comes to have two.</para>
/// <para>A directory entry is made when a grain is placed and goes when its activation has ended, its silo is declared dead, or
/// <see cref="Forget"/> loses it.</para>
/// </remarks>
public sealed class InProcessCluster
{
    private readonly ConcurrentDictionary<object, object> _shared = new();

    /// <summary>Whether each silo keeps a part of the directory, by hash, that is lost when it is declared dead, as in Orleans' default
    /// directory: activations elsewhere that are entered in it end, and may have successors before that. Default true.</summary>
    public bool DirectoryDiesWithSilos { get; set; } = true;

    internal Membership Membership { get; } = new();

    internal GrainDirectory Directory { get; } = new();

    /// <summary>The silos that have joined, dead ones included.</summary>
    public IReadOnlyDictionary<SiloAddress, SiloStatus> Silos => Membership.Statuses(onlyActive: false);

    /// <summary>The silo that has this grain; null if none has.</summary>
    public SiloAddress? Find(GrainId grain) => Directory.Find(grain)?.Address;

    /// <summary>The silo ends at once: no turn of its grains runs again, what is on its way to it or from it is lost.</summary>
    public void Crash(SiloAddress silo) => Membership.Find(silo)?.Crash();

    /// <summary>The others take the silo for dead: calls that wait for it fail with <see cref="SiloUnavailableException"/>, and its grains
    /// are placed anew when they are called. As in Orleans, a client learns nothing: its calls to the silo, and those that went through it
    /// as their gateway, end by their timeouts.</summary>
    public void DeclareDead(SiloAddress silo)
    {
        if (Membership.Find(silo) is not { } lost)
            return;
        var orphans = DirectoryDiesWithSilos && lost.Status == SiloStatus.Active ? Entered(lost) : [];
        Membership.Set(lost, SiloStatus.Dead);
        Directory.Remove(lost);
        foreach (var orphan in orphans)
        {
            Directory.Forget(orphan.GrainId);
            orphan.Deactivate(new(DeactivationReasonCode.DirectoryFailure, $"Silo {silo}, which kept its entry in the directory, is gone."));
        }
        foreach (var other in Membership.Running())
            other.Calls.Pending.Fail(message => message.Destination == lost && !other.IsClient && other != lost,
                message => new SiloUnavailableException($"The target silo became unavailable for {message}; its outcome is unknown."));
        if (lost.IsGone)
            Membership.Leave(lost);
    }

    /// <summary>The silo ends and the others know it.</summary>
    public void Kill(SiloAddress silo)
    {
        Crash(silo);
        DeclareDead(silo);
    }

    /// <summary>The directory loses one grain: callers elsewhere get another activation of it, until the older one ends.</summary>
    public void Forget(GrainId grain) => Directory.Forget(grain);

    // The management grain and other stateless workers are in no directory.
    private List<Activation> Entered(Silo keeper) =>
    [
        .. Membership.Running().Where(other => other != keeper && !other.IsClient).SelectMany(other => other.Catalog.Activations())
            .Where(activation => activation.Class.MaxWorkers == 0 && Membership.OwnerOf(activation.GrainId.GetUniformHashCode()) == keeper)
            .OrderBy(activation => activation.GrainId),
    ];

    /// <summary>The one thing of this name that all silos share.</summary>
    internal T Share<T>(object name, Func<T> make) where T : class => (T)_shared.GetOrAdd((typeof(T), name), _ => make());
}
