using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Remembers what became of one idempotency key; the key is "tenant/name".</summary>
/// <remarks>What may happen next is decided in <see cref="IdempotencyRules"/>, which is pure. Nothing is answered that the disk does not have, and a write names the stamp that it follows: a second activation may run but cannot write.</remarks>
[InTenantPool]
internal sealed partial class IdempotencyGrain(IIdempotencyStore store, IOptions<IdempotencyOptions> options, TimeProvider time, ILogger<IdempotencyGrain> logger) : Grain, IIdempotencyGrain
{
    /// <summary>How often a decision is made anew because another activation had written.</summary>
    private const int MaxTries = 4;

    private TenantKey key;
    private IdempotencyRecord? record;
    private bool isRead;
    private long replays;

    private string Name => key.Name!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TenantKey.Parse(this.GetPrimaryKeyString());
        return key.Name is null ? throw new FormatException("The key is tenant/name.") : Task.CompletedTask;
    }

    public async Task<ClaimAnswer> Claim(IdempotencyClaim claim)
    {
        Check(claim.Lease);
        if (claim.Fingerprint.Length > IdempotencyLimits.TextLength || claim.Operation.Length > IdempotencyLimits.TextLength || claim.Holder.Length > IdempotencyLimits.TextLength)
            throw new RefusedException(RefusalCode.Invalid, $"Holder, fingerprint and operation have at most {IdempotencyLimits.TextLength} characters.");
        if (record?.State == IdempotencyState.Completed) // An erasure takes kept answers off the disk, and asks nobody who has them in memory.
            record = await store.Find(key.Tenant, Name, CancellationToken.None);
        ClaimAnswer? answer = null;
        await Change(() =>
        {
            (var after, answer) = IdempotencyRules.Claim(record, claim, options.Value.KeptFor, time.GetUtcNow());
            return after;
        });
        IdempotencyMeter.Claimed(answer!.Kind);
        if (answer.Kind == ClaimKind.Replayed)
            replays++;
        if (answer.Kind is ClaimKind.Replayed or ClaimKind.Mismatch or ClaimKind.TakenOver)
            await Tell(answer.Kind switch { ClaimKind.Replayed => IdempotencyEvent.Replayed, ClaimKind.Mismatch => IdempotencyEvent.Mismatch, _ => IdempotencyEvent.TakenOver }, claim.Operation);
        return answer;
    }

    public async Task<bool> Renew(long round, TimeSpan lease)
    {
        Check(lease);
        return await Word(() => IdempotencyRules.Renew(record, round, lease, time.GetUtcNow()));
    }

    public async Task<bool> Complete(long round, IdempotentOutcome outcome)
    {
        var done = await Word(() => IdempotencyRules.Complete(record, round, outcome, options.Value.KeptBytes, options.Value.KeptFor, time.GetUtcNow()));
        // Whoever asks again meets the row: a key that nobody repeats needs no memory.
        DeactivateOnIdle();
        return done;
    }

    public async Task<bool> Release(long round, string because)
    {
        var said = TextEnd.Cut(because, IdempotencyLimits.TextLength);
        var done = await Word(() => IdempotencyRules.Release(record, round, said, options.Value.KeptFor, time.GetUtcNow()));
        DeactivateOnIdle();
        return done;
    }

    public async Task<IdempotencyView?> View()
    {
        await Read();
        return IdempotencyRules.View(record, Name, replays, time.GetUtcNow());
    }

    private async Task<bool> Word(Func<IdempotencyRecord?> decide)
    {
        await Read();
        if (await Change(decide))
            return true;
        IdempotencyMeter.Late();
        await Tell(IdempotencyEvent.Late, record?.Operation ?? "");
        return false;
    }

    // Most claims are of keys that nobody used: their write finds out, and no claim reads first.
    private async Task Read()
    {
        if (!isRead)
            (record, isRead) = (await store.Find(key.Tenant, Name, CancellationToken.None), true);
    }

    /// <summary>The one path by which the record changes: decided, written, and only then believed. False: the rules say no.</summary>
    private async Task<bool> Change(Func<IdempotencyRecord?> decide)
    {
        for (var tries = 1; tries <= MaxTries; tries++)
        {
            if (decide() is not { } after)
                return false;
            if (ReferenceEquals(after, record))
                return true;
            try
            {
                var (done, there) = await store.Write(key.Tenant, Name, record?.Stamp ?? 0, after, CancellationToken.None);
                (record, isRead) = (done ? after : there, true);
                if (done)
                    return true;
            }
            catch
            {
                DeactivateOnIdle(); // Nobody knows what the disk has.
                throw;
            }
        }
        DeactivateOnIdle();
        throw Superseded.Refusal("The idempotency key", time);
    }

    // What was decided is on the disk: no count of it may take the answer away.
    private async Task Tell(IdempotencyEvent what, string operation)
    {
        try
        {
            await GrainFactory.GetGrain<IIdempotencyLedgerGrain>(TenantKey.Of(key.Tenant)).Saw(what, operation);
        }
        catch (Exception failure)
        {
            LogNotCounted(key.Tenant.Value, what, failure);
        }
    }

    private static void Check(TimeSpan lease)
    {
        if (lease < IdempotencyLimits.ShortestLease || lease > IdempotencyLimits.LongestLease)
            throw new RefusedException(RefusalCode.Invalid, "A lease lasts from a second to an hour.");
    }

    [LoggerMessage(8015, LogLevel.Warning, "Tenant {Tenant}: a {Event} of an idempotency key is not counted")]
    private partial void LogNotCounted(string tenant, IdempotencyEvent @event, Exception failure);
}
