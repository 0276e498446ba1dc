using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>In how many passages words stand, remembered for as long as a tenant's index stands still: at most 64 tenants, 5,000 words each.</summary>
internal sealed class WeaviateRarity
{
    private const int MaxTenants = 64;
    private const int MaxStems = 5_000;
    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, ((string, IndexCursor) At, Dictionary<string, long> Known)> tenants = [];

    /// <summary>A stem that stands nowhere is left out.</summary>
    public async Task<IReadOnlyDictionary<string, long>> Of(TenantId tenant, (string Build, IndexCursor Cursor) at, IReadOnlyList<string> stems, Func<string, Task<long>> count)
    {
        var known = Known(tenant, at, stems);
        var unknown = stems.Where(stem => stem.Length > 0 && !known.ContainsKey(stem)).Distinct(StringComparer.Ordinal).ToList();
        var counts = await Task.WhenAll(unknown.Select(count));
        for (var i = 0; i < counts.Length; i++)
            known[unknown[i]] = counts[i];
        Remember(tenant, at, unknown, counts);
        return known.Where(stem => stem.Value > 0).ToDictionary(StringComparer.Ordinal);
    }

    private Dictionary<string, long> Known(TenantId tenant, (string, IndexCursor) at, IReadOnlyList<string> stems)
    {
        lock (gate)
            return tenants.TryGetValue(tenant, out var kept) && kept.At == at
                ? stems.Distinct(StringComparer.Ordinal).Where(kept.Known.ContainsKey).ToDictionary(stem => stem, stem => kept.Known[stem], StringComparer.Ordinal)
                : new Dictionary<string, long>(StringComparer.Ordinal);
    }

    private void Remember(TenantId tenant, (string, IndexCursor) at, List<string> stems, long[] counts)
    {
        lock (gate)
        {
            if (!tenants.TryGetValue(tenant, out var kept) || kept.At != at || kept.Known.Count > MaxStems)
            {
                if (tenants.Count >= MaxTenants)
                    tenants.Clear();
                tenants[tenant] = kept = (at, new Dictionary<string, long>(StringComparer.Ordinal));
            }
            for (var i = 0; i < counts.Length; i++)
                kept.Known[stems[i]] = counts[i];
        }
    }
}
