using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Keeps what one tenant's limits differ in from what is configured, and who of it waits or is banned; the key is the tenant, or "system".</summary>
/// <remarks>Terms and bans are durable: whoever is banned stays so over a restart. Waits, a minute at most, are memory. What becomes of a violator is decided in <see cref="PenaltyRules"/>, which is pure.</remarks>
[InTenantPool]
internal sealed partial class LimitBookGrain(
    [PersistentState("limits", Stores.Durable)] IPersistentState<LimitBookState> stored, IOptionsMonitor<LimitsOptions> options, ILogStore log, TimeProvider time, ILogger<LimitBookGrain> logger) : Grain, ILimitBookGrain
{
    /// <summary>How long a copy holds: three exchanges.</summary>
    private static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    /// <summary>How often at most entries that the audit did not take are tried again.</summary>
    private static readonly TimeSpan AuditAgainEvery = TimeSpan.FromSeconds(5);

    /// <summary>Changes that are kept.</summary>
    private const int MostHistory = 100;

    private ReplicaSubscribers subscribers = null!;
    private Offenders offenders = null!;
    private TenantKey key;
    private long epoch, version;
    private DateTimeOffset auditAgainAt;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TenantKey.Parse(this.GetPrimaryKeyString());
        subscribers = new ReplicaSubscribers(LimitBookKind.Kind, key.ToString(), time);
        offenders = new Offenders(options.CurrentValue.Penalties);
        offenders.Load(stored.State.Banned);
        (epoch, version) = (time.GetUtcNow().UtcTicks, 1);
        return Task.CompletedTask;
    }

    public async Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
    {
        SystemCall.MustBe();
        var now = time.GetUtcNow();
        if (new ReplicaCopy(exchange.KnownEpoch, exchange.KnownVersion, []).IsNewerThan(epoch, version))
            (epoch, version) = (exchange.KnownEpoch + 1, 1);
        if (subscribers.Subscribe(exchange) && await Refused(LimitBookKind.ReadReport(exchange.Report!), now))
            await Changed(exchange.Process, now);
        await Audit(now);
        return new ReplicaAnswer((exchange.KnownEpoch, exchange.KnownVersion) == (epoch, version) ? null : Copy(now), LeaseFor);
    }

    public Task<LimitBookView> View()
    {
        SystemCall.MustBe();
        return Task.FromResult(new LimitBookView(key.Tenant.Value, stored.State.Set, offenders.View(time.GetUtcNow()), stored.State.History));
    }

    public Task<LimitTerms?> Terms(string limit)
    {
        SystemCall.MustBe();
        return Task.FromResult(stored.State.Set.FirstOrDefault(one => one.Limit == limit)?.Terms);
    }

    public async Task<LimitBookView> Set(LimitOverride set, TenantId auditedIn)
    {
        SystemCall.MustBe();
        if (stored.State.Set.FirstOrDefault(one => one.Limit == set.Limit) is { } known && known.Terms == set.Terms && known.Because == set.Because)
            return await View();
        var said = $"{LimitPolicy.Rule(set.Terms, options.CurrentValue.Of(set.Limit)?.Exact == true)}: {set.Because}";
        await new TenantAudit(log, auditedIn, time).Write("limit-set", set.By, $"{key.Tenant}/{set.Limit}: {said}");
        await Save(stored.State with { Set = [.. stored.State.Set.Where(one => one.Limit != set.Limit).Append(set).OrderBy(one => one.Limit, StringComparer.Ordinal)] }, new LimitChange(time.GetUtcNow(), "set", set.Limit, said, set.By));
        return await View();
    }

    public async Task<LimitBookView> Reset(string limit, string by, string because, TenantId auditedIn)
    {
        SystemCall.MustBe();
        if (stored.State.Set.All(one => one.Limit != limit))
            return await View();
        await new TenantAudit(log, auditedIn, time).Write("limit-reset", by, $"{key.Tenant}/{limit}: {because}");
        await Save(stored.State with { Set = [.. stored.State.Set.Where(one => one.Limit != limit)] }, new LimitChange(time.GetUtcNow(), "reset", limit, because, by));
        return await View();
    }

    public async Task<LimitBookView> Release(string of, string by, string because, TenantId auditedIn)
    {
        SystemCall.MustBe();
        if (!offenders.Knows(of) && stored.State.Banned.All(one => one.Of != of))
            // A call that is made again finds its own word as the newest.
            return stored.State.History is [{ What: "release" } last, ..] && last.Of == of && last.By == by && last.Because == because ? await View() : throw new RefusedException(RefusalCode.NotFound, "Nobody of this name waits or is banned.");
        await new TenantAudit(log, auditedIn, time).Write("limit-release", by, $"{key.Tenant}/{of}: {because}");
        offenders.Release(of); // Not before its entry stands: who could not be released must be known when that is tried again.
        await Save(stored.State with { Banned = [.. stored.State.Banned.Where(one => one.Of != of)] }, new LimitChange(time.GetUtcNow(), "release", of, because, by));
        LogReleased(key.Tenant.Value, of, by, because);
        return await View();
    }

    /// <summary>Whether anybody waits or is banned by it who did not.</summary>
    private async Task<bool> Refused(LimitBookReport report, DateTimeOffset now)
    {
        var banned = report.Violations.Select(one => offenders.Refused(one.Of, one.Limit, now)).OfType<BannedCaller>().ToList();
        if (banned.Count > 0)
            await Banned(banned, now);
        return offenders.Penalties(now).Count > 0;
    }

    // Nobody asked for it who could be told that it failed: what the audit does not take is owed to it, durably, and stands there in the end; of more than are remembered the oldest stand in this process's log alone, and the audit is told how many.
    private async Task Banned(IReadOnlyList<BannedCaller> banned, DateTimeOffset now)
    {
        var changes = banned.Select((one, at) => new LimitChange(now.AddTicks(at), "ban", one.Of, Offenders.Why(one, now), null)).ToArray();
        var (before, after) = (stored.State.LeftOut, stored.State.With(banned, now));
        await Save(key.Tenant.Value == TenantKey.System ? after : after.Owing(changes), changes);
        if (stored.State.LeftOut - before is var leftOut && leftOut > 0)
        {
            LimitMeter.LeftOut(leftOut);
            LogLeftOut(key.Tenant.Value, leftOut, stored.State.LeftOut);
        }
        foreach (var (one, change) in banned.Zip(changes))
        {
            LimitMeter.Banned(one.Limit);
            LogBanned(key.Tenant.Value, one.Of, change.Because);
        }
    }

    private async Task Audit(DateTimeOffset now)
    {
        var (owed, leftOut) = (stored.State.Unaudited, stored.State.LeftOut);
        if ((owed.Count == 0 && leftOut == stored.State.LeftOutTold) || now < auditAgainAt)
            return;
        var (written, told) = (0, stored.State.LeftOutTold);
        try
        {
            if (leftOut > told)
                await new TenantAudit(log, key.Tenant, time).WriteOnce("limit-bans-left-out", "limits",
                    string.Create(CultureInfo.InvariantCulture, $"{leftOut} {(leftOut == 1 ? "ban has" : "bans have")} no entry here, all that ever were: more than {Offenders.Most:N0} entries were waiting for the audit. Each stands in the log of the process that banned (event 5121)"), stored.State.LeftOutAt);
            told = leftOut;
            for (; written < owed.Count; written++)
                await new TenantAudit(log, key.Tenant, time).WriteOnce("limit-ban", "limits", $"{owed[written].Of}: {owed[written].Because}", owed[written].At);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            auditAgainAt = time.GetUtcNow() + AuditAgainEvery; // From its end: an audit that answers slowly shall not fill the book's time.
            LogUnaudited(key.Tenant.Value, owed.Count - written, failure);
        }
        if (written > 0 || told > stored.State.LeftOutTold)
            await stored.CommitAsync(stored.State with { Unaudited = [.. owed.Skip(written)], LeftOutTold = told }, onFailure: DeactivateOnIdle);
    }

    private async Task Save(LimitBookState after, params LimitChange[] changes)
    {
        await stored.CommitAsync(after with { History = [.. changes.Reverse().Concat(after.History).Take(MostHistory)] }, onFailure: DeactivateOnIdle);
        await Changed(null, time.GetUtcNow());
    }

    private async Task Changed(string? asking, DateTimeOffset now)
    {
        version++;
        await subscribers.Push(_ => Copy(now), process => process != asking);
    }

    private ReplicaCopy Copy(DateTimeOffset now) => new(epoch, version, LimitBookKind.Write(new LimitBookCopy([.. stored.State.Set.Select(one => new LimitBookTerms(one.Limit, one.Terms))], offenders.Penalties(now))));

    [LoggerMessage(5121, LogLevel.Warning, "Limits of {Tenant}: {Of} is banned: {Because}")]
    private partial void LogBanned(string tenant, string of, string because);

    [LoggerMessage(5124, LogLevel.Warning, "Limits of {Tenant}: {Count} bans count, but the audit did not take their entries; they are tried again")]
    private partial void LogUnaudited(string tenant, int count, Exception failure);

    [LoggerMessage(5125, LogLevel.Warning, "Limits of {Tenant}: {Count} bans will have no entry in the audit, which takes none now and is owed as many as are remembered; {All} in all")]
    private partial void LogLeftOut(string tenant, long count, long all);

    [LoggerMessage(5122, LogLevel.Warning, "Limits of {Tenant}: {Of} is released by {By}: {Because}")]
    private partial void LogReleased(string tenant, string of, string by, string because);
}
