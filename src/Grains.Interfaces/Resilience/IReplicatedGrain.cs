namespace Sophia.Resilience;

/// <summary>The truth about something that every process decides by on each call, and that changes rarely. Each kind of truth has a grain of its own that extends this.</summary>
/// <remarks>One exchange does everything: it says what the process saw, subscribes it to changes, and answers with what the process may decide by until it asks again.
/// Whatever it changes comes to the same when it is repeated: a report carries a number, and what is granted to a process is granted under names.</remarks>
[Alias("Sophia.IReplicatedGrain")]
public interface IReplicatedGrain : IGrainWithStringKey
{
    /// <summary>Only the system may ask: a process speaks for itself and for no tenant.</summary>
    [Alias("Exchange"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation);
}

/// <summary>Told in each process that keeps a copy. Nobody waits for it and it may be lost: the next exchange finds that out by the version.</summary>
[Alias("Sophia.IReplicaObserver")]
public interface IReplicaObserver : IGrainObserver
{
    /// <param name="kind">Which kind of truth.</param>
    /// <param name="key">Key of the grain that holds it.</param>
    [OneWay, Alias("Changed")]
    Task Changed(string kind, string key, ReplicaCopy copy);
}

/// <summary>What a process says and asks.</summary>
/// <param name="Process">Which process, and which start of it: nobody had this name before.</param>
/// <param name="Name">What people call it: the silo's name, or the front end's machine.</param>
/// <param name="KnownEpoch">Epoch of the copy that it has; 0: it has none.</param>
/// <param name="KnownVersion">Version of that copy within its epoch.</param>
/// <param name="ReportNumber">Rises with each report of this process about this key. A report that comes again under its number counts once.</param>
/// <param name="Report">What it saw, written as the kind has it; null: nothing new.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ReplicaExchange")]
public sealed record ReplicaExchange(
    [property: Id(0)] string Process,
    [property: Id(1)] string Name,
    [property: Id(2)] long KnownEpoch,
    [property: Id(3)] long KnownVersion,
    [property: Id(4)] IReplicaObserver Observer,
    [property: Id(5)] long ReportNumber,
    [property: Id(6)] byte[]? Report);

/// <param name="Copy">What the process may decide by; null: it has the newest.</param>
/// <param name="LeaseFor">How long the copy holds, from the moment at which the question was sent. After it the kind's own rule for old copies applies.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ReplicaAnswer")]
public sealed record ReplicaAnswer([property: Id(0)] ReplicaCopy? Copy, [property: Id(1)] TimeSpan LeaseFor);

/// <param name="Epoch">Rises when the truth lost its memory and began anew.</param>
/// <param name="Version">Rises with each change within an epoch.</param>
/// <param name="Bytes">Written as the kind has it; may differ from process to process.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ReplicaCopy")]
public sealed record ReplicaCopy([property: Id(0)] long Epoch, [property: Id(1)] long Version, [property: Id(2)] byte[] Bytes)
{
    /// <summary>Whether this is newer than a copy of that epoch and version.</summary>
    public bool IsNewerThan(long epoch, long version) => Epoch > epoch || (Epoch == epoch && Version > version);
}
