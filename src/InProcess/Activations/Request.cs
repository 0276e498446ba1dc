using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>What an activation admits one after the other: a call, a step of an enumeration, a timer's tick.</summary>
internal abstract class Request(GrainId target) : Envelope(target), ITurn
{
    /// <summary>May run beside any other.</summary>
    public abstract bool AlwaysInterleaves { get; }

    /// <summary>May run beside others that are read-only.</summary>
    public abstract bool IsReadOnly { get; }

    /// <summary>Counts as use for idle collection.</summary>
    public virtual bool KeepsAlive => true;

    /// <summary>What travels with it; never changed.</summary>
    public Dictionary<string, object>? Context { get; set; }

    /// <summary>How many activations ended while it waited at them.</summary>
    public int Forwards { get; set; }

    /// <summary>Nobody wants it any more: it ends without touching the grain.</summary>
    public virtual bool IsAbandoned => false;

    /// <summary>Starts it on its activation. Must end, now or later, with <see cref="Activation.Completed"/>, and never throw.</summary>
    public abstract void Begin(Activation on);

    /// <summary>It will never run: tells whoever waits.</summary>
    public abstract void Reject(Exception why);

    void ITurn.Run(Activation on) => on.Receive(this);
}
