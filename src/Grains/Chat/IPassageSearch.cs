using Sophia.Knowledge;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>Where an answer's passages come from.</summary>
public interface IPassageSearch
{
    /// <exception cref="Operations.RefusedException">The query or its filter is invalid.</exception>
    Task<SearchAnswer> Search(TenantId tenant, SearchQuery query, CancellationToken cancellation);
}

/// <summary>The tenant's own search. An answer has its place already: what it looks for waits as work does, and is not refused because others search.</summary>
internal sealed class TenantSearch(IGrainFactory grains) : IPassageSearch
{
    public async Task<SearchAnswer> Search(TenantId tenant, SearchQuery query, CancellationToken cancellation)
    {
        using (CallerContext.For(tenant))
            return await grains.GetGrain<ISearchGrain>(TenantKey.Of(tenant)).Search(query, cancellation);
    }
}
