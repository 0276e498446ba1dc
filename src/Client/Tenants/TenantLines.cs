namespace Sophia.Tenants;

/// <summary>The list of tenants as the owner of the system tenant reads it.</summary>
internal static class TenantLines
{
    /// <summary>Tenants that are asked for details at once: each is two calls.</summary>
    public const int Most = 50;

    /// <summary>All, by name and state alone; then those that are being deleted, or were and whose name is taken.</summary>
    public static async Task<IReadOnlyList<TenantLine>> All(IGrainFactory grains)
    {
        using var _ = CallerContext.ForSystem("list of tenants");
        var directory = grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System);
        return [.. await Plain(grains), .. await Ended(directory)];
    }

    private static async Task<IReadOnlyList<TenantLine>> Ended(ITenantDirectoryGrain directory)
    {
        var buried = (await directory.Tombstones()).ToDictionary(one => one.Tenant, one => one.DeletedAt);
        var ended = (await directory.Suspensions()).Tenants.Where(one => one.Ended);
        return
        [
            .. ended.Select(one => buried.TryGetValue(one.Tenant, out var at) ? new TenantLine(one.Tenant, true, "deleted") { Ended = true, DeletedAt = at } : new TenantLine(one.Tenant, true, "being deleted") { Ended = true }),
        ];
    }

    /// <summary>At most <see cref="Most"/> of them by name, after a name, with what each keeps; and whether there are more.</summary>
    public static async Task<TenantLinesPage> Tenants(this IGrainFactory grains, string? after)
    {
        using var _ = CallerContext.ForSystem("list of tenants");
        var all = await Plain(grains);
        var following = all.Where(line => string.CompareOrdinal(line.Tenant.Value, after) > 0).OrderBy(line => line.Tenant.Value, StringComparer.Ordinal).ToList();
        return new(await Task.WhenAll(following.Take(Most).Select(line => Detailed(line, grains))), all.Count, following.Count > Most)
        {
            Ended = following.Count > Most ? [] : await Ended(grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System)),
        };
    }

    private static async Task<IReadOnlyList<TenantLine>> Plain(IGrainFactory grains)
    {
        var directory = grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System);
        var suspended = (await directory.Suspensions()).Tenants.ToDictionary(one => one.Tenant, one => one.Because);
        return [.. (await directory.List()).Select(tenant => new TenantLine(tenant, suspended.ContainsKey(tenant), suspended.GetValueOrDefault(tenant)))];
    }

    // A tenant whose silos do not answer keeps nobody from seeing the others.
    private static async Task<TenantLine> Detailed(TenantLine line, IGrainFactory grains)
    {
        try
        {
            var (asked, usage) = (grains.GetGrain<ITenantGrain>(TenantKey.Of(line.Tenant)).View(), grains.GetGrain<ITenantUsageGrain>(TenantKey.Of(line.Tenant)).View());
            await Task.WhenAll(asked, usage);
            return await asked is { } view ? line with
            {
                DeletesAt = line.Suspended ? (await grains.GetGrain<ITenantEndGrain>(TenantEnd.KeyOf(line.Tenant)).View())?.DeletesAt : null,
                DisplayName = view.DisplayName, CreatedAt = view.CreatedAt, SuspendedAt = view.SuspendedAt, Keys = view.Keys.Count(key => key.RevokedAt is null), Usage = await usage,
            } : line;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return line with { Unknown = failure is RefusedException ? failure.Message : "It does not answer now." };
        }
    }
}

/// <param name="Lines">By name.</param>
/// <param name="All">How many tenants there are.</param>
/// <param name="More">Whether some follow.</param>
public sealed record TenantLinesPage(IReadOnlyList<TenantLine> Lines, int All, bool More)
{
    /// <summary>On the last page: those that are being deleted, or were and whose names are taken.</summary>
    public IReadOnlyList<TenantLine> Ended { get; init; } = [];
}

/// <summary>Because is the reason of a suspension, null where there is none. What follows is there only where details were asked for; Keys counts those that work, Unknown says why there are no details.</summary>
public sealed record TenantLine(TenantId Tenant, bool Suspended, string? Because)
{
    public string? DisplayName { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public DateTimeOffset? SuspendedAt { get; init; }

    /// <summary>When everything of it will be deleted; null where that is not on its way.</summary>
    public DateTimeOffset? DeletesAt { get; init; }

    public int? Keys { get; init; }

    public TenantUsage? Usage { get; init; }

    public string? Unknown { get; init; }

    /// <summary>It is being deleted, or was.</summary>
    public bool Ended { get; init; }

    /// <summary>A tombstone, and since when.</summary>
    public DateTimeOffset? DeletedAt { get; init; }
}
