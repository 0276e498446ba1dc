using System.Security.Cryptography;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>The one seam through which the runtime schedules, delivers and draws: whoever implements it owns every interleaving.</summary>
/// <remarks>Together with the <see cref="TimeProvider"/>s of the silo this is all that a deterministic simulator has to replace.</remarks>
public interface IRuntimeWorld
{
    /// <summary>How many turns of one activation run before others get their chance; at least 1.</summary>
    int TurnsPerSlice { get; }

    /// <summary>Whether all runs on one thread of the world's own. Then a reply continues its caller in place; else it goes by the pool,
    /// because a caller without a scheduler would otherwise run within the callee's turn.</summary>
    bool IsSingleThreaded { get; }

    /// <summary>Has <see cref="IThreadPoolWorkItem.Execute"/> run soon, once, with an empty execution context. Never runs it at once.</summary>
    void Schedule(ITurnSource source);

    /// <summary>Takes a message to its end by calling <see cref="Envelope.Arrive"/>: now, later or never, but not twice. A request that
    /// is handed on from one silo to another is delivered again.</summary>
    void Deliver(Envelope message, MessageLeg leg);

    /// <summary>A number that nobody can foresee, or that a seed decides.</summary>
    Guid NewGuid();
}

/// <summary>Something with turns to run: an activation, or an observer's queue.</summary>
public interface ITurnSource : IThreadPoolWorkItem
{
    /// <summary>Whose turns these are.</summary>
    GrainId Owner { get; }
}

/// <summary>Which way a message goes.</summary>
public enum MessageLeg
{
    /// <summary>To the callee.</summary>
    Request,

    /// <summary>Back to the caller.</summary>
    Reply,

    /// <summary>To the callee, telling that the caller no longer waits.</summary>
    Cancel,
}

/// <summary>A message on its way, as far as a world may look at it.</summary>
public abstract class Envelope
{
    internal Envelope(GrainId target) => Target = target;

    /// <summary>Who is called.</summary>
    public GrainId Target { get; }

    /// <summary>The calling grain; null when the caller is none.</summary>
    public abstract GrainId? Source { get; }

    /// <summary>The silo or client that it comes from; null when it never leaves its silo.</summary>
    public virtual SiloAddress? From => null;

    /// <summary>The silo or client that a request goes to, and a reply comes from; null when it never leaves its silo.</summary>
    public virtual SiloAddress? To => null;

    /// <summary>Interface and method, for traces.</summary>
    public abstract string Subject { get; }

    /// <summary>Lets the message arrive; on any thread, at most once per delivery.</summary>
    public abstract void Arrive(MessageLeg leg);

    /// <inheritdoc/>
    public override string ToString() => $"{Subject} -> {Target}";
}

/// <summary>The world as it is in production: the thread pool, immediate delivery, the system's randomness.</summary>
public sealed class ThreadPoolWorld : IRuntimeWorld
{
    /// <summary>How many turns of one activation run before its thread turns to others: 64.</summary>
    public int TurnsPerSlice => 64;

    /// <inheritdoc/>
    public bool IsSingleThreaded => false;

    /// <inheritdoc/>
    public void Schedule(ITurnSource source) => ThreadPool.UnsafeQueueUserWorkItem(source, preferLocal: true);

    /// <inheritdoc/>
    public void Deliver(Envelope message, MessageLeg leg) => message.Arrive(leg);

    /// <inheritdoc/>
    public Guid NewGuid() => SystemGuid();

    internal static Guid SystemGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new(bytes);
    }
}
