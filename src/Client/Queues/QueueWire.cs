using System.Text.Json;

namespace Sophia.Queues;

/// <summary>Work as programs send it: 1 to 1,000 items.</summary>
public sealed record NewItems(IReadOnlyList<NewItem>? Items);

/// <summary>As <see cref="NewWork"/>; payload is any JSON value, deadline and notBefore are moments.</summary>
public sealed record NewItem(
    string? Kind, JsonElement? Payload, string? DedupKey = null, string? OrderKey = null, int Priority = 5, int Cost = 1, DateTimeOffset? NotBefore = null, DateTimeOffset? Deadline = null, int MaxAttempts = 3, string? Origin = null);

/// <summary>A worker asks for items, 1 to 1,000; its lease lasts seconds, 1 to 3,600.</summary>
public sealed record LeaseAsked(string? Worker, int Items = 1, int Seconds = 60);

/// <summary>An item in a worker's hands; id and lease are sent back with its end.</summary>
public sealed record LeasedItem(long Id, long Lease, string Kind, JsonElement Payload, int Attempt, int MaxAttempts, DateTimeOffset Until, string OnceKey);

public sealed record LeaseNamed(long Id, long Lease);

public sealed record LeasesHeld(IReadOnlyList<LeaseNamed>? Leases);

/// <summary>End is done, failed, rejected, givenBack or continued.</summary>
public sealed record LeaseEnd(long Id, long Lease, WorkEnd? End, string? Error = null);

public sealed record LeasesEnded(IReadOnlyList<LeaseEnd>? Results);

/// <summary>Which queue is held or let go; null: all of the tenant's. Reason has 1 to 200 characters; Confirm repeats the queue, or is "all".</summary>
public sealed record QueueHold(string? Queue, string? Reason = null, string? Confirm = null)
{
    /// <summary>What confirms that all queues are meant.</summary>
    public const string All = "all";
}

/// <summary>Reason has 1 to 200 characters; Confirm repeats the tenant.</summary>
public sealed record QueueWeight(int Weight, string? Reason = null, string? Confirm = null);

/// <summary>Numbers of items. Reason has 1 to 200 characters; Confirm says how many items these are.</summary>
public sealed record DeadIds(IReadOnlyList<long>? Ids, string? Reason = null, string? Confirm = null);

/// <summary>Reason has 1 to 200 characters; Confirm repeats the replay's number.</summary>
public sealed record StopReplay(string? Reason = null, string? Confirm = null);

/// <summary>As <see cref="DeadReplayOrder"/>; Confirm repeats the queue, or is "all" where none is named. A dry run needs neither reason nor confirm.</summary>
public sealed record ReplayDead(string? Queue = null, string? Kind = null, WorkCause? Cause = null, string? Error = null, bool DryRun = false, int Canary = 1, int MostAtOnce = 500, double StopShare = 0.2, string? Reason = null, string? Confirm = null)
{
    internal DeadReplayOrder ToOrder() => new(Queue, Kind, Cause, Error, DryRun, Canary, MostAtOnce, StopShare, Reason);
}
