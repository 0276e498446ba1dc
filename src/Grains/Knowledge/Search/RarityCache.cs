using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>How common words are, remembered for as long as the index stands still; at most <see cref="MaxStems"/>.</summary>
internal sealed class RarityCache(IIndexStore index)
{
    public const int MaxStems = 20_000;

    private readonly Dictionary<string, long> known = new(StringComparer.Ordinal);
    private (TenantId Tenant, IndexCursor Cursor) of;

    /// <summary>In how many chunks each stem stands; a stem that stands nowhere is left out.</summary>
    public async Task<IReadOnlyDictionary<string, long>> Of(TenantId tenant, IndexCursor cursor, IReadOnlyList<string> stems, CancellationToken cancellation)
    {
        if (of != (tenant, cursor) || known.Count + stems.Count > MaxStems)
            known.Clear();
        of = (tenant, cursor);
        var unknown = stems.Where(stem => !known.ContainsKey(stem)).ToList();
        if (unknown.Count > 0)
        {
            var found = await index.DocumentFrequency(tenant, unknown, cancellation);
            foreach (var stem in unknown)
                known[stem] = found.GetValueOrDefault(stem);
        }
        return stems.Where(stem => known[stem] > 0).ToDictionary(stem => stem, stem => known[stem], StringComparer.Ordinal);
    }
}
