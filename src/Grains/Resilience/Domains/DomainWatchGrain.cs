using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Looks around, and does what was decided; the key is "system".</summary>
/// <remarks>What it remembers (whose turn it is to be looked at, what queues counted before) may be lost. First the audit, then the acts, then the look: what is looked at is what came of the acts. An errand older than one that it
/// had is not done.</remarks>
internal sealed partial class DomainWatchGrain(IOptions<ContainmentOptions> options, IOptions<DegradationOptions> degradation, ILogStore log, TimeProvider time, ILogger<DomainWatchGrain> logger, ITenantGate? gate = null) : Grain, IDomainWatchGrain
{
    private DomainLook look = null!;
    private long last;
    private string? nextAfter;

    /// <summary>Those that had work at the last look, and were not looked at since.</summary>
    private readonly HashSet<string> working = new(StringComparer.Ordinal);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        look = new DomainLook(GrainFactory, options.Value, degradation.Value, log, time);
        return Task.CompletedTask;
    }

    public async Task Look(DomainErrand errand)
    {
        if (CallerContext.SystemReason is null || errand is null || errand.Number <= last)
            return;
        last = errand.Number;
        var (unseen, auditedTo, outcomes) = (new List<string>(), 0L, new List<ContainmentOutcome>());
        try
        {
            await new DomainAudit(log, TenantId.Parse(options.Value.AuditedIn)).Write(errand.Changes);
            auditedTo = errand.Changes.Count == 0 ? 0 : errand.Changes[^1].Number;
            var hands = new ContainmentHands(GrainFactory, TenantId.Parse(options.Value.AuditedIn));
            foreach (var act in errand.Acts)
                outcomes.Add(await hands.Do(act));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            unseen.Add($"the audit: {failure.Message}");
            LogUnwritten(failure.Message);
        }
        var sight = await look.Around(Chosen(errand), working, unseen);
        await GrainFactory.GetGrain<IFailureDomainsGrain>(TenantKey.System).Saw(sight with { Number = errand.Number, AuditedTo = auditedTo, Outcomes = outcomes });
    }

    // In turns, so that each tenant's comes; those of which something fails every time.
    private IReadOnlyList<TenantId> Chosen(DomainErrand errand)
    {
        var living = errand.Tenants.Concat(errand.First).Concat(working).Distinct(StringComparer.Ordinal).Where(tenant => TenantId.TryParse(tenant, out var id) && gate?.IsEnded(id) != true).Order(StringComparer.Ordinal).ToArray();
        var turn = living.Where(tenant => string.CompareOrdinal(tenant, nextAfter) > 0).Concat(living).Distinct(StringComparer.Ordinal).Take(options.Value.TenantsAtOnce).ToArray();
        nextAfter = turn.Length == 0 ? null : turn[^1];
        var never = (errand.Never ?? []).Where(tenant => TenantId.TryParse(tenant, out var id) && gate?.IsEnded(id) != true);
        string[] chosen = [.. turn.Concat(errand.First.Intersect(living, StringComparer.Ordinal).Take(options.Value.TenantsAtOnce)).Concat(never).Distinct(StringComparer.Ordinal)];
        working.ExceptWith(chosen);
        return [.. chosen.Select(TenantId.Parse)];
    }

    [LoggerMessage(5151, LogLevel.Warning, "What was decided about failures waits for the audit, which cannot be written: {Reason}")]
    private partial void LogUnwritten(string reason);
}
