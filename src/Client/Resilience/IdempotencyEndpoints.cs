namespace Sophia.Resilience;

/// <summary>What holds for idempotency keys, and what became of one.</summary>
internal static class IdempotencyEndpoints
{
    public static void MapIdempotency(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/idempotency").WithTags("Resilience");
        group.MapGet("/", Terms).WithSummary("How long a key is remembered, how much of an answer is kept, which addresses require a key, and what was counted of late.");
        group.MapGet("/key", Key).WithSummary("What became of a key of yours; with ?caller= (administrators) of another API key's.");
    }

    private static async Task<IdempotencyTerms> Terms(HttpContext context, IGrainFactory grains, EdgeOptions options)
    {
        var policy = await grains.GetGrain<IIdempotencyLedgerGrain>(TenantKey.Of(context.User.Caller().Tenant)).View();
        return new IdempotencyTerms((long)policy.KeptFor.TotalSeconds, (long)policy.SweptEvery.TotalSeconds, (long)EdgeLimits.IdempotencyLease.TotalSeconds, policy.KeptBytes, options.IdempotencyRequired,
            policy.Replayed, policy.Mismatches, policy.TakenOver, policy.Late, policy.Since);
    }

    private static async Task<IdempotencyView> Key(string key, HttpContext context, IGrainFactory grains, string? caller = null)
    {
        var asks = context.User.Caller();
        if (caller is not null && caller != asks.KeyId && asks.Role < TenantRole.Admin)
            throw new RefusedException(RefusalCode.Forbidden, "Only administrators see keys of other callers.");
        if (key.Length is 0 or > IdempotencyKey.MaxLength)
            throw new RefusedException(RefusalCode.NotFound, "No such key is remembered.");
        return await grains.GetGrain<IIdempotencyGrain>(IdempotencyKey.Of(asks.Tenant, IdempotencyKey.NameOf(caller ?? asks.KeyId, key))).View()
            ?? throw new RefusedException(RefusalCode.NotFound, "No such key is remembered.");
    }
}

/// <summary>What holds for idempotency keys of a tenant.</summary>
/// <param name="KeptForSeconds">How long a key is remembered after its last word; it may take SweptEverySeconds longer until it is gone from the disk.</param>
/// <param name="LeaseSeconds">How long the process that works on a request may be silent before the next request does the work.</param>
/// <param name="KeptBytes">The largest answer that is told again.</param>
/// <param name="Required">Beginnings of addresses that take no change without a key.</param>
/// <param name="Replayed">Since Since; as the other counts.</param>
public sealed record IdempotencyTerms(long KeptForSeconds, long SweptEverySeconds, long LeaseSeconds, int KeptBytes, IReadOnlyList<string> Required, long Replayed, long Mismatches, long TakenOver, long Late, DateTimeOffset Since);
