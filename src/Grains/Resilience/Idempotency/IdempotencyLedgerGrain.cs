using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Sums up what a tenant's idempotency keys met; the key is the tenant.</summary>
/// <remarks>However much is replayed, the audit gets one line in <see cref="IdempotencyOptions.AuditEvery"/> at most. The first event opens a line and a timer closes it.</remarks>
[InTenantPool]
internal sealed partial class IdempotencyLedgerGrain(ILogStore log, IOptions<IdempotencyOptions> options, TimeProvider time, ILogger<IdempotencyLedgerGrain> logger) : Grain, IIdempotencyLedgerGrain
{
    private const int LongestReason = 500, MostLines = 500;

    private readonly Dictionary<IdempotencyEvent, long> counted = [];
    private IdempotencyTally tally = IdempotencyTally.Empty;
    private IGrainTimer? writing;
    private DateTimeOffset since;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        since = time.GetUtcNow();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Write();

    public Task Saw(IdempotencyEvent what, string operation)
    {
        counted[what] = Of(what) + 1;
        tally = tally.With(what, operation, time.GetUtcNow());
        writing ??= this.RegisterGrainTimer(_ => Write(), new GrainTimerCreationOptions(options.Value.AuditEvery, Timeout.InfiniteTimeSpan));
        return Task.CompletedTask;
    }

    public Task<IdempotencyPolicy> View() => Task.FromResult(new IdempotencyPolicy(options.Value.KeptFor, options.Value.SweepEvery, options.Value.KeptBytes,
        Of(IdempotencyEvent.Replayed), Of(IdempotencyEvent.Mismatch), Of(IdempotencyEvent.TakenOver), Of(IdempotencyEvent.Late), since));

    public async Task<IdempotencyView> Free(string name, string by, string because)
    {
        if (because.Trim() is not { Length: >= 1 and <= LongestReason } why)
            throw new RefusedException(RefusalCode.Invalid, $"reason has 1 to {LongestReason} characters.");
        var tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        var key = GrainFactory.GetGrain<IIdempotencyGrain>(IdempotencyKey.Of(tenant, name));
        var said = TextEnd.Cut($"released by {by}: {why}", IdempotencyLimits.TextLength);
        if (await key.View() is not { } view)
            throw new RefusedException(RefusalCode.NotFound, "No such key is remembered.");
        if (view.State == IdempotencyState.Released && view.Because == said)
            return view; // It is said once more, after an unknown outcome.
        if (view.State != IdempotencyState.Running)
            throw new RefusedException(RefusalCode.Conflict, view.State == IdempotencyState.Completed ? "Nobody is at this key: its answer is kept, and told to whoever asks again." : "Nobody is at this key: whoever asks next does the work.");
        await IdempotencyAudit.Released(log, tenant, name, view.Operation, by, why, time);
        if (!await key.Release(view.Round, said))
            throw new RefusedException(RefusalCode.Conflict, "What was at this key has ended meanwhile.");
        return await key.View() ?? view;
    }

    public async Task<IReadOnlyList<IdempotencyLine>> Lines(int limit) =>
        await IdempotencyAudit.Newest(log, TenantKey.Parse(this.GetPrimaryKeyString()).Tenant, Math.Clamp(limit, 1, MostLines), CancellationToken.None);

    private long Of(IdempotencyEvent what) => counted.GetValueOrDefault(what);

    private async Task Write()
    {
        writing?.Dispose();
        writing = null;
        if (tally.Total == 0)
            return;
        var (told, tenant) = (tally, TenantKey.Parse(this.GetPrimaryKeyString()).Tenant);
        tally = IdempotencyTally.Empty;
        try
        {
            await IdempotencyAudit.Write(log, tenant, told, time);
        }
        catch (Exception failure)
        {
            LogNotAudited(tenant.Value, told.Total, failure);
        }
    }

    [LoggerMessage(8010, LogLevel.Warning, "Tenant {Tenant}: {Events} events of idempotency keys are not in the audit")]
    private partial void LogNotAudited(string tenant, long events, Exception failure);
}
