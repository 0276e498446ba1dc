namespace Sophia.Resilience;

/// <summary>What holds for idempotency keys, and what became of one.</summary>
internal static class IdempotencyEndpoints
{
    private const int MostLines = 500;

    public static void MapIdempotency(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/idempotency").WithTags("Resilience");
        group.MapGet("/", Terms).WithSummary("How long a key is remembered, how much of an answer is kept, which addresses require a key, and what was counted of late.");
        group.MapGet("/key", Key).WithSummary($"What became of a key of yours; with ?caller={IdempotencyKey.Program} (operators) of one that programs claimed, with another API key's id (administrators) of that one's.");
        group.MapPost("/key/release", Release).RequireAuthorization(Roles.Operator).WithSummary("Takes a key out of the hands of whoever is at it: the next request does the work, and the end of the one before is refused. Only where that one is stuck: while it works, its effect may happen twice. Audited; confirm repeats the key.");
        group.MapGet("/audit", Audit).WithSummary("The newest lines of the audit: what keys met, and which were released, by whom and why.");
    }

    private static Task<IdempotencyTerms> Terms(HttpContext context, IGrainFactory grains, EdgeOptions options) => grains.KeyTerms(context.User.Caller(), options);

    /// <summary>What holds for keys of the caller's tenant.</summary>
    public static async Task<IdempotencyTerms> KeyTerms(this IGrainFactory grains, Caller caller, EdgeOptions options)
    {
        var policy = await grains.GetGrain<IIdempotencyLedgerGrain>(TenantKey.Of(caller.Tenant)).View();
        return new IdempotencyTerms((long)policy.KeptFor.TotalSeconds, (long)policy.SweptEvery.TotalSeconds, (long)EdgeLimits.IdempotencyLease.TotalSeconds, policy.KeptBytes, options.IdempotencyRequired,
            policy.Replayed, policy.Mismatches, policy.TakenOver, policy.Late, policy.Since);
    }

    private static Task<IdempotencyView> Key(string key, HttpContext context, IGrainFactory grains, string? caller = null) => grains.OneKey(key, caller, context.User.Caller());

    /// <exception cref="RefusedException">Forbidden: it is another caller's, and who asks may not see it. NotFound: nothing is remembered of it.</exception>
    public static async Task<IdempotencyView> OneKey(this IGrainFactory grains, string key, string? caller, Caller asks) =>
        await grains.GetGrain<IIdempotencyGrain>(IdempotencyKey.Of(asks.Tenant, Name(key, caller, asks))).View() ?? throw NotThere();

    public static Task<IReadOnlyList<IdempotencyLine>> KeyLines(this IGrainFactory grains, Caller caller, int limit) =>
        grains.GetGrain<IIdempotencyLedgerGrain>(TenantKey.Of(caller.Tenant)).Lines(Limits.Checked(limit, MostLines));

    private static Task<IReadOnlyList<IdempotencyLine>> Audit(HttpContext context, IGrainFactory grains, int limit = 50) => grains.KeyLines(context.User.Caller(), limit);

    private static async Task<IdempotencyView> Release(ReleaseKey release, HttpContext context, IGrainFactory grains)
    {
        var (asks, key) = (context.User.Caller(), release.Key ?? "");
        var name = Name(key, release.Caller, asks);
        if (release.Confirm != key)
            throw new RefusedException(RefusalCode.Invalid, "confirm must repeat the key.");
        return await grains.GetGrain<IIdempotencyLedgerGrain>(TenantKey.Of(asks.Tenant)).Free(name, new TenantInView(asks.Tenant, asks).By, release.Reason ?? "");
    }

    private static string Name(string key, string? caller, Caller asks)
    {
        if (caller is not null && caller != asks.KeyId && asks.Role < (caller == IdempotencyKey.Program ? TenantRole.Operator : TenantRole.Admin))
            throw new RefusedException(RefusalCode.Forbidden, caller == IdempotencyKey.Program ? "Only operators see what programs claimed." : "Only administrators see keys of other callers.");
        return key.Length is 0 or > IdempotencyKey.MaxLength ? throw NotThere() : IdempotencyKey.NameOf(caller == IdempotencyKey.Program ? IdempotencyKey.OfTenant : caller ?? asks.KeyId, key);
    }

    private static RefusedException NotThere() => new(RefusalCode.NotFound, "No such key is remembered.");
}

/// <param name="Key">As it was sent, without its quotes; Confirm repeats it.</param>
/// <param name="Caller">The id of the API key that sent it, or "program" for one that programs claimed; one's own unless said.</param>
/// <param name="Reason">1 to 500 characters; it stands in the audit.</param>
public sealed record ReleaseKey(string? Key, string? Caller, string? Reason, string? Confirm);

/// <summary>What holds for idempotency keys of a tenant.</summary>
/// <param name="KeptForSeconds">How long a key is remembered after its last word; it may take SweptEverySeconds longer until it is gone from the disk.</param>
/// <param name="LeaseSeconds">How long the process that works on a request may be silent before the next request does the work.</param>
/// <param name="KeptBytes">The largest answer that is told again.</param>
/// <param name="Required">Beginnings of addresses that take no change without a key.</param>
/// <param name="Replayed">Since Since; as the other counts.</param>
public sealed record IdempotencyTerms(long KeptForSeconds, long SweptEverySeconds, long LeaseSeconds, int KeptBytes, IReadOnlyList<string> Required, long Replayed, long Mismatches, long TakenOver, long Late, DateTimeOffset Since);
