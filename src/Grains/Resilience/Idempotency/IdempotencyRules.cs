using System.Globalization;

namespace Sophia.Resilience;

/// <summary>Decides what becomes of a key. Whoever is granted a claim works under a round; what an older round says is refused.</summary>
/// <remarks>A record that comes back as it was given needs no write.</remarks>
internal static class IdempotencyRules
{
    /// <summary>The record after somebody asked to do the work, and what he is told.</summary>
    public static (IdempotencyRecord After, ClaimAnswer Answer) Claim(IdempotencyRecord? record, IdempotencyClaim claim, TimeSpan keptFor, DateTimeOffset now)
    {
        if (record is null || IsOver(record, now))
            return Granted(null, NextStamp(record, now), claim, keptFor, now);
        if (record.Fingerprint != claim.Fingerprint)
            return (record, new ClaimAnswer(ClaimKind.Mismatch, 0, default));
        if (record.State == IdempotencyState.Completed)
            return (record, new ClaimAnswer(ClaimKind.Replayed, 0, default, record.Outcome));
        if (record.State == IdempotencyState.Running && record.LeaseUntil > now)
            return (record, record.Holder == claim.Holder
                ? new ClaimAnswer(record.Attempts > 1 ? ClaimKind.TakenOver : ClaimKind.Granted, record.Round, record.LeaseUntil)
                : new ClaimAnswer(ClaimKind.Running, 0, record.LeaseUntil));
        return Granted(record, NextStamp(record, now), claim, keptFor, now);
    }

    /// <summary>The record after its holder said that he lives; null: his round is over.</summary>
    public static IdempotencyRecord? Renew(IdempotencyRecord? record, long round, TimeSpan lease, DateTimeOffset now) =>
        record is { State: IdempotencyState.Running } && record.Round == round ? record with { Stamp = NextStamp(record, now), LeaseUntil = now + lease } : null;

    /// <summary>The record after the work came to something; null: the round is over. The lease does not count: work that nobody took over keeps its answer.</summary>
    public static IdempotencyRecord? Complete(IdempotencyRecord? record, long round, IdempotentOutcome outcome, int keptBytes, TimeSpan keptFor, DateTimeOffset now) => record switch
    {
        { State: IdempotencyState.Completed } when record.Round == round => record,
        { State: IdempotencyState.Running } when record.Round == round => Ended(record, IdempotencyState.Completed, keptFor, now) with { Outcome = Kept(outcome, keptBytes) },
        _ => null,
    };

    /// <summary>The record after its holder gave the work back; null: his round is over.</summary>
    public static IdempotencyRecord? Release(IdempotencyRecord? record, long round, string because, TimeSpan keptFor, DateTimeOffset now) => record switch
    {
        { State: IdempotencyState.Released } when record.Round == round => record,
        { State: IdempotencyState.Running } when record.Round == round => Ended(record, IdempotencyState.Released, keptFor, now) with { Because = because },
        _ => null,
    };

    /// <summary>What people see; null where the key is as if it had never been used.</summary>
    public static IdempotencyView? View(IdempotencyRecord? record, string name, long replays, DateTimeOffset now) => record is null || IsOver(record, now) ? null
        : new IdempotencyView(name, record.State, record.Operation, record.Attempts, record.BeganAt, record.State == IdempotencyState.Running ? record.LeaseUntil : null, record.EndedAt,
            record.Outcome?.Status, record.Outcome?.Body.Length ?? 0, record.Because ?? record.Outcome?.NotKept, replays, record.KeptUntil) { Round = record.Round };

    /// <summary>An answer that is too large goes; its status stays.</summary>
    public static IdempotentOutcome Kept(IdempotentOutcome outcome, int keptBytes) => (outcome.NotKept is null || outcome.IsSealed) && outcome.Body.Length <= keptBytes ? outcome
        : new IdempotentOutcome(outcome.Status, [], [], outcome.NotKept ?? string.Create(CultureInfo.InvariantCulture, $"It has {outcome.Body.Length} bytes; answers of up to {keptBytes} are kept."));

    /// <summary>The record without its answer, of which the status stays; the same record where no answer is kept. The stamp stays too: nobody's round is another one for it.</summary>
    public static IdempotencyRecord Forgotten(IdempotencyRecord record) => record.Outcome is not { } outcome || outcome is { NotKept: not null, IsSealed: false } ? record
        : record with { Outcome = new IdempotentOutcome(outcome.Status, [], [], "Records of the tenant were erased since.") };

    private static bool IsOver(IdempotencyRecord record, DateTimeOffset now) => record.KeptUntil <= now;

    private static (IdempotencyRecord, ClaimAnswer) Granted(IdempotencyRecord? before, long stamp, IdempotencyClaim claim, TimeSpan keptFor, DateTimeOffset now)
    {
        var record = new IdempotencyRecord(stamp, IdempotencyState.Running, stamp, (before?.Attempts ?? 0) + 1, claim.Holder, claim.Fingerprint, claim.Operation,
            before?.BeganAt ?? now, now + claim.Lease, now + keptFor);
        return (record, new ClaimAnswer(before is null ? ClaimKind.Granted : ClaimKind.TakenOver, record.Round, record.LeaseUntil));
    }

    private static IdempotencyRecord Ended(IdempotencyRecord record, IdempotencyState state, TimeSpan keptFor, DateTimeOffset now) =>
        record with { Stamp = NextStamp(record, now), State = state, EndedAt = now, ExpiresAt = now + keptFor, LeaseUntil = now };

    private static long NextStamp(IdempotencyRecord? before, DateTimeOffset now) => Math.Max((before?.Stamp ?? 0) + 1, now.UtcTicks);
}
