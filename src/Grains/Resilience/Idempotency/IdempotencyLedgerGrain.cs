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
