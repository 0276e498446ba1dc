namespace Sophia.Resilience;

/// <summary>One kind of truth of which processes keep copies.</summary>
/// <typeparam name="TCopy">What a process decides by; never changed once read.</typeparam>
internal abstract class ReplicaKind<TCopy> where TCopy : class
{
    /// <summary>Unique among the kinds; stands in pushes and log lines.</summary>
    public abstract string Name { get; }

    /// <summary>Whether each report says all that matters by itself, so that one whose arrival is unknown is replaced by a newer one. Otherwise it is sent again, as it was, before any other.</summary>
    public virtual bool ReportsAreWhole => false;

    /// <summary>Between two exchanges at most, where <see cref="ReplicaOptions.ExchangeEvery"/> is longer.</summary>
    public virtual TimeSpan ExchangeEvery => TimeSpan.MaxValue;

    /// <summary>Whether its keys are kept fresh also while nobody uses them, and wait for no others' exchanges: for few keys that every process needs at any time.</summary>
    public virtual bool IsAlwaysKept => false;

    /// <summary>The grain that holds the truth of a key.</summary>
    public abstract IReplicatedGrain Truth(IGrainFactory grains, string key);

    /// <exception cref="System.Text.Json.JsonException">The bytes are no copy; the copy of before counts on, and grows old.</exception>
    public abstract TCopy Read(byte[] bytes);
}

/// <summary>Whoever decides by a replica: what it saw goes back to the truth.</summary>
internal interface IReplicaUser<in TCopy> where TCopy : class
{
    /// <summary>What was seen and not yet reported; null: nothing. Asked once for each exchange, and never twice at a time.</summary>
    byte[]? Report();

    /// <summary>The process stops in order, and nobody asks here any more. True: there is something to give back, which the next report says.</summary>
    bool Leaves() => false;

    /// <summary>A newer copy came, or the same one again. Copies are told in their order, under the replica's lock: this never waits.</summary>
    /// <param name="age">How long ago at most the truth wrote it.</param>
    void Received(TCopy copy, TimeSpan age);
}
