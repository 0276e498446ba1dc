using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Remembers what became of one idempotency key. The key is "tenant/name"; <see cref="IdempotencyKey"/> makes the name.</summary>
/// <remarks>Everything is on the disk before it is answered. Every method comes to the same however often it is called with the same arguments.</remarks>
[Alias("Sophia.IIdempotencyGrain")]
public interface IIdempotencyGrain : IGrainWithStringKey
{
    /// <summary>Asks to do the work. Granted to one holder at a time, for as long as the lease says.</summary>
    /// <exception cref="RefusedException">Invalid: the lease is not <see cref="IdempotencyLimits.ShortestLease"/> to <see cref="IdempotencyLimits.LongestLease"/>.</exception>
    [Alias("Claim"), Repeatable]
    Task<ClaimAnswer> Claim(IdempotencyClaim claim);

    /// <summary>Goes on holding. False: somebody has taken over, or the work has ended.</summary>
    [Alias("Renew"), Repeatable]
    Task<bool> Renew(long round, TimeSpan lease);

    /// <summary>Keeps the answer. False: the round is over, because somebody has taken over; nothing was kept.</summary>
    [Alias("Complete"), Repeatable]
    Task<bool> Complete(long round, IdempotentOutcome outcome);

    /// <summary>Lets the next caller do the work at once: nothing took effect, or doing it again comes to the same. False: the round is over.</summary>
    [Alias("Release"), Repeatable]
    Task<bool> Release(long round, string because);

    /// <summary>What is known of the key; null: nothing, or no longer.</summary>
    [Alias("View"), Repeatable]
    Task<IdempotencyView?> View();
}

/// <summary>Bounds of what is kept for a key.</summary>
public static class IdempotencyLimits
{
    public static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(1), LongestLease = TimeSpan.FromHours(1);

    /// <summary>The longest fingerprint, operation and reason, in characters.</summary>
    public const int TextLength = 200;
}

/// <param name="Holder">Who asks: another text for every asking, the same where one asking is repeated.</param>
/// <param name="Fingerprint">What is asked; another one under the same key is a mismatch.</param>
/// <param name="Operation">What people would call it, such as "POST /api/ask"; shown, never compared.</param>
/// <param name="Lease">How long the holder may be silent before somebody else takes over.</param>
[GenerateSerializer, Immutable, Alias("Sophia.IdempotencyClaim")]
public sealed record IdempotencyClaim([property: Id(0)] string Holder, [property: Id(1)] string Fingerprint, [property: Id(2)] string Operation, [property: Id(3)] TimeSpan Lease);

/// <summary>How a claim was answered.</summary>
public enum ClaimKind
{
    /// <summary>The work is the caller's.</summary>
    Granted = 1,

    /// <summary>It is the caller's, and somebody before may have done a part of it: his lease ended, or he released it.</summary>
    TakenOver = 2,

    /// <summary>Somebody else is at it.</summary>
    Running = 3,

    /// <summary>It is done; the outcome is what it came to.</summary>
    Replayed = 4,

    /// <summary>The key was used for something else.</summary>
    Mismatch = 5,
}

/// <param name="Round">Where granted or taken over: names the claim in what its holder says later.</param>
/// <param name="Until">When the lease of who is at it ends.</param>
/// <param name="Outcome">Where replayed.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ClaimAnswer")]
public sealed record ClaimAnswer([property: Id(0)] ClaimKind Kind, [property: Id(1)] long Round, [property: Id(2)] DateTimeOffset Until, [property: Id(3)] IdempotentOutcome? Outcome = null);

/// <summary>What the work came to, to be told again.</summary>
/// <param name="Status">As HTTP has it.</param>
/// <param name="NotKept">Why the answer itself is not kept as it is, in one sentence, or null. Then headers and body are empty, or the body is sealed: only who asked can open it.</param>
[GenerateSerializer, Immutable, Alias("Sophia.IdempotentOutcome")]
public sealed record IdempotentOutcome(
    [property: Id(0)] int Status,
    [property: Id(1)] IReadOnlyList<IdempotentHeader> Headers,
    [property: Id(2)] byte[] Body,
    [property: Id(3)] string? NotKept = null)
{
    /// <summary>How a sealed body begins, and no text does.</summary>
    public const byte Seal = 1;

    /// <summary>Whether the body is closed under what its asker alone has. Programs of the last release tell it as not kept; a secret that they hand in open is not kept.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsSealed => NotKept is not null && Body is [Seal, ..];
}

[GenerateSerializer, Immutable, Alias("Sophia.IdempotentHeader")]
public sealed record IdempotentHeader([property: Id(0)] string Name, [property: Id(1)] string Value);

/// <summary>What has become of a key.</summary>
public enum IdempotencyState
{
    Running = 1,
    Completed = 2,

    /// <summary>To be done again by whoever asks next.</summary>
    Released = 3,
}

/// <summary>A key as people see it; the answer's body stays out.</summary>
/// <param name="Attempts">How often the work was begun.</param>
/// <param name="LeaseUntil">Of who is at it; null where nobody is.</param>
/// <param name="Status">What was answered; null where nothing was.</param>
/// <param name="Because">Why it was released, or why the answer is not kept.</param>
/// <param name="Replays">Callers that were told the answer again since this silo knows the key.</param>
/// <param name="ExpiresAt">From then on the key is as if it had never been used.</param>
[GenerateSerializer, Immutable, Alias("Sophia.IdempotencyView")]
public sealed record IdempotencyView(
    [property: Id(0)] string Name,
    [property: Id(1)] IdempotencyState State,
    [property: Id(2)] string Operation,
    [property: Id(3)] int Attempts,
    [property: Id(4)] DateTimeOffset BeganAt,
    [property: Id(5)] DateTimeOffset? LeaseUntil,
    [property: Id(6)] DateTimeOffset? EndedAt,
    [property: Id(7)] int? Status,
    [property: Id(8)] int BodyBytes,
    [property: Id(9)] string? Because,
    [property: Id(10)] long Replays,
    [property: Id(11)] DateTimeOffset ExpiresAt)
{
    /// <summary>Of the claim that was granted last: what <see cref="IIdempotencyGrain.Release"/> names. For grains alone: no number of JSON that a browser reads has so many digits.</summary>
    [Id(12), System.Text.Json.Serialization.JsonIgnore]
    public long Round { get; init; }
}
