using System.Globalization;
using System.Text;

namespace Sophia.Resilience;

/// <summary>The resilience kit for programs that are no part of Sophia: limits to take from, breakers to ask, pieces of work to do once. All of it is the caller's tenant's own (docs/kit.md).</summary>
internal static class KitEndpoints
{
    private const int MostNameCharacters = 200;

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1), LongestCall = TimeSpan.FromHours(1);

    public static void MapKit(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api").WithTags("Resilience").RequireAuthorization(Roles.Operator);
        group.MapPost("/limits/take", Take).WithSummary("Takes from every limit that is set for a resource of a program's own, or says which refuses and when to come back: then none is charged.");
        group.MapPost("/breakers/{tenant}/{dependency}/enter", Enter).WithSummary("Lets a program's call to a dependency through with a permit to report on, or says why not. The dependency is called app-NAME; its breaker exists from the first question on.");
        group.MapPost("/breakers/{tenant}/{dependency}/report", Report).WithSummary("How a call went that was let through.");
        group.MapPost("/idempotency/claims", Claim).WithSummary("Asks to do a piece of work that is done once for its key, whoever asks: granted to one at a time for the lease, or the answer that it came to before.");
        group.MapPost("/idempotency/claims/renew", Renew).WithSummary("Goes on holding a claim for another lease.");
        group.MapPost("/idempotency/claims/complete", Complete).WithSummary("Keeps what the work came to; it is on the disk before this is answered.");
        group.MapPost("/idempotency/claims/release", Release).WithSummary("Lets the next who asks do the work at once.");
    }

    internal static LimitDecision Decision(LimitTaken taken) => new(taken.IsAdmitted, taken.RefusedBy?.Limit.Name, taken.Penalty is { } penalty ? $"{penalty.Of}: {penalty.Because}" : null, taken.Penalty is { } wait ? wait.RetryAfter.TotalSeconds : null,
        [.. taken.Said.Select(static one => new LimitDecided(one.Limit.Name, one.Answer.IsAdmitted, one.Answer.Remaining, one.Answer.RetryAfter == Timeout.InfiniteTimeSpan ? null : one.Answer.RetryAfter.TotalSeconds))]);

    private static async Task<LimitDecision> Take(TakeLimits take, HttpContext context, ILimits limits)
    {
        var resource = Named(take.Resource, "resource");
        if (resource == LimitMiddleware.Resource)
            throw new RefusedException(RefusalCode.Invalid, $"Requests themselves take from \"{LimitMiddleware.Resource}\"; a program's resource has a name of its own.");
        if (take.Cost is < 1 or > 1_000_000_000)
            throw new RefusedException(RefusalCode.Invalid, "cost is 1 to 1,000,000,000.");
        var own = limits.Configured.Where(one => one.Resource == resource).ToArray();
        if (own.Length == 0)
            throw new RefusedException(RefusalCode.NotFound, $"No limit is configured for the resource \"{Shown(resource)}\" (SOPHIA_LIMITS).");
        if (Array.Find(own, static one => one.Terms.IsPlaces) is { } places)
            throw new RefusedException(RefusalCode.Conflict, $"\"{places.Name}\" limits what is under way at once, which can only be counted where the work is done: windows and token buckets can be taken from here.");
        var caller = context.User.Caller();
        var asking = new LimitAsking(caller.Tenant, resource, take.Key is null ? caller.KeyId : Named(take.Key, "key"), take.Route is null ? null : Named(take.Route, "route"), Cost: take.Cost ?? 1, IsKnown: false);
        MustSuffice(limits, asking);
        return Decision(await limits.TryTake(asking, context.RequestAborted));
    }

    /// <summary>A limit that would not be asked for want of what it counts by would admit everything.</summary>
    /// <exception cref="RefusedException">One of the resource's limits counts by addresses, or by routes and none is said.</exception>
    internal static void MustSuffice(ILimits limits, LimitAsking asking)
    {
        foreach (var one in limits.Configured)
            if (one.Resource != asking.Resource)
                continue;
            else if (one.Per == LimitPer.Address)
                throw new RefusedException(RefusalCode.Invalid, $"\"{one.Name}\" counts by the address that a request to Sophia comes from, and nothing that a program takes has one: per \"key\" counts by any name that the program says.");
            else if (asking.Route is null && (one.Routes.Count > 0 || one.Per is LimitPer.Route or LimitPer.KeyAndRoute))
                throw new RefusedException(RefusalCode.Invalid, $"\"{one.Name}\" goes by the route: say which with route.");
    }

    private static async Task<BreakerAnswer> Enter(string tenant, string dependency, HttpContext context, IGrainFactory grains)
    {
        var entry = await Breakers(tenant, context, grains).Enter(dependency, context.RequestAborted);
        return new BreakerAnswer(entry.Permit is not null, entry.Permit?.ToString(CultureInfo.InvariantCulture), entry.KeptUntil, entry.Reason, entry.Because, entry.RetryAt);
    }

    private static async Task<BreakerReported> Report(string tenant, string dependency, ReportCall report, HttpContext context, IGrainFactory grains)
    {
        if (!long.TryParse(report.Permit, NumberStyles.None, CultureInfo.InvariantCulture, out var permit))
            throw new RefusedException(RefusalCode.Invalid, "permit is what enter answered.");
        if (report.Outcome is not { } outcome || !Enum.IsDefined(outcome))
            throw new RefusedException(RefusalCode.Invalid, "outcome is success, unreachable, timedOut, failed, throttled, badAnswer, refused or abandoned.");
        if (report.TookMs is < 0 or double.NaN || report.TookMs > LongestCall.TotalMilliseconds)
            throw new RefusedException(RefusalCode.Invalid, "tookMs is 0 to 3,600,000.");
        return new BreakerReported(await Breakers(tenant, context, grains).Report(dependency, permit, outcome, report.TookMs is { } took ? TimeSpan.FromMilliseconds(took) : null));
    }

    private static async Task<WorkClaimed> Claim(ClaimWork claim, HttpContext context, IGrainFactory grains)
    {
        var (name, grain) = Work(claim.Key, context, grains);
        var lease = Span(claim.LeaseSeconds);
        // Where a request is made again under its own Idempotency-Key, it is the same asking.
        var holder = context.OperationId() ?? Guid.NewGuid().ToString("N");
        var answer = await grain.Claim(new IdempotencyClaim(holder, Named(claim.Fingerprint, "fingerprint"), Named(claim.Operation ?? "work of a program", "operation"), lease));
        var isOurs = answer.Kind is ClaimKind.Granted or ClaimKind.TakenOver;
        return new WorkClaimed(answer.Kind, isOurs ? answer.Round.ToString(CultureInfo.InvariantCulture) : null, isOurs ? name : null, isOurs || answer.Kind == ClaimKind.Running ? answer.Until : null,
            answer.Outcome?.Status, answer.Outcome is { NotKept: null } kept ? Encoding.UTF8.GetString(kept.Body) : null, answer.Outcome?.NotKept);
    }

    private static async Task<WorkKept> Renew(HoldWork hold, HttpContext context, IGrainFactory grains) =>
        Kept(await Work(hold.Key, context, grains).Grain.Renew(Round(hold.Round), Span(hold.LeaseSeconds)));

    private static async Task<WorkKept> Complete(CompleteWork complete, HttpContext context, IGrainFactory grains)
    {
        if (complete.Status is not (>= 100 and <= 599))
            throw new RefusedException(RefusalCode.Invalid, "status is 100 to 599, as HTTP has it.");
        var body = Encoding.UTF8.GetBytes(complete.Body ?? "");
        if (body.Length > EdgeLimits.KeptAnswer)
            throw new RefusedException(RefusalCode.TooLarge, $"body has at most {EdgeLimits.KeptAnswer >> 10} KiB.");
        return Kept(await Work(complete.Key, context, grains).Grain.Complete(Round(complete.Round), new IdempotentOutcome(complete.Status, [], body)));
    }

    private static async Task<WorkKept> Release(ReleaseWork release, HttpContext context, IGrainFactory grains) =>
        Kept(await Work(release.Key, context, grains).Grain.Release(Round(release.Round), Named(release.Because, "because")));

    private static long Round(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var round) ? round : throw new RefusedException(RefusalCode.Invalid, "round is what the claim answered.");

    private static WorkKept Kept(bool kept) => kept ? new WorkKept(true) : throw new RefusedException(RefusalCode.Conflict, "The round is over: its lease ended and somebody has taken over, or the work has ended. Nothing was kept.");

    // A key of the tenant's own, in no API key's scope: programs of several API keys share their work.
    private static (string Name, IIdempotencyGrain Grain) Work(string? key, HttpContext context, IGrainFactory grains)
    {
        if (key is not { Length: >= 1 and <= IdempotencyKey.MaxLength })
            throw new RefusedException(RefusalCode.Invalid, $"key has 1 to {IdempotencyKey.MaxLength} characters.");
        var name = IdempotencyKey.NameOf(IdempotencyKey.OfTenant, key);
        return (name, grains.GetGrain<IIdempotencyGrain>(IdempotencyKey.Of(context.User.Caller().Tenant, name)));
    }

    private static IHandedBreakersGrain Breakers(string tenant, HttpContext context, IGrainFactory grains) => tenant == context.User.Caller().Tenant.Value
        ? grains.GetGrain<IHandedBreakersGrain>(TenantKey.Of(context.User.Caller().Tenant)) : throw new RefusedException(RefusalCode.NotFound, "There is no such breaker.");

    private static TimeSpan Span(double? seconds) => seconds is not { } told ? Lease
        : told >= IdempotencyLimits.ShortestLease.TotalSeconds && told <= IdempotencyLimits.LongestLease.TotalSeconds ? TimeSpan.FromSeconds(told)
        : throw new RefusedException(RefusalCode.Invalid, "leaseSeconds is 1 to 3,600; 60 unless said.");

    private static string Named(string? text, string what) => text is { Length: >= 1 and <= MostNameCharacters } ? text : throw new RefusedException(RefusalCode.Invalid, $"{what} has 1 to {MostNameCharacters} characters.");

    private static string Shown(string text) => text.Length <= 60 ? text : TextEnd.Cut(text, 60);
}

/// <param name="Resource">That limits are configured for; not "api".</param>
/// <param name="Key">For whom limits of keys count, any name of the program's own; the API key unless said.</param>
/// <param name="Route">For which limits of routes count; must be said where the resource has one that goes by it.</param>
/// <param name="Cost">1 unless said.</param>
public sealed record TakeLimits(string? Resource, string? Key = null, string? Route = null, long? Cost = null);

/// <param name="Permit">To be reported on; null: refused.</param>
/// <param name="KeptUntil">After that it can no longer be reported on.</param>
/// <param name="RetryAt">When asking again may help; no promise.</param>
public sealed record BreakerAnswer(bool Admitted, string? Permit, DateTimeOffset? KeptUntil, BreakerRefusalReason? Reason, string? Because, DateTimeOffset? RetryAt);

/// <param name="TookMs">How long the call took, in milliseconds; since the permit was given unless said.</param>
public sealed record ReportCall(string? Permit, CallOutcome? Outcome, double? TookMs = null);

/// <param name="Counted">False: there is no such permit, or no longer.</param>
public sealed record BreakerReported(bool Counted);

/// <param name="Key">1 to 255 characters; of the tenant, whichever API key asks.</param>
/// <param name="Fingerprint">What is asked, best a hash of it: another one under the same key is a mismatch.</param>
/// <param name="Operation">What people would call it.</param>
/// <param name="LeaseSeconds">How long the caller may be silent before somebody else takes over; 60 unless said.</param>
public sealed record ClaimWork(string? Key, string? Fingerprint, string? Operation = null, double? LeaseSeconds = null);

/// <param name="Round">Where granted or taken over: to be said with every later word. A text, as it is larger than a number of JavaScript holds.</param>
/// <param name="OperationId">The same for everybody who does this work.</param>
/// <param name="Until">When the lease of who is at it ends.</param>
/// <param name="Status">Where replayed, with Body: what the work came to.</param>
/// <param name="NotKept">Why the body was not kept.</param>
public sealed record WorkClaimed(ClaimKind State, string? Round, string? OperationId, DateTimeOffset? Until, int? Status, string? Body, string? NotKept);

public sealed record HoldWork(string? Key, string? Round, double? LeaseSeconds = null);

/// <param name="Status">As HTTP has it.</param>
/// <param name="Body">What is told to whoever asks again.</param>
public sealed record CompleteWork(string? Key, string? Round, int Status, string? Body = null);

/// <param name="Because">Why, 1 to 200 characters; whoever looks at the key is shown it.</param>
public sealed record ReleaseWork(string? Key, string? Round, string? Because);

public sealed record WorkKept(bool Kept);
