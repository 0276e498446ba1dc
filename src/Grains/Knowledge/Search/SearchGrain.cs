using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Searches for a tenant; the key is the tenant. Several may work at a time.</summary>
[StatelessWorker]
internal sealed class SearchGrain(IIndexStore index, ILogStore log, IOptions<RankingOptions> options, TimeProvider time) : Grain, ISearchGrain
{
    private readonly SearchEngine engine = new(index, log, time);

    public Task<SearchAnswer> Search(SearchQuery query, CancellationToken cancellation) =>
        engine.Search(TenantKey.Parse(this.GetPrimaryKeyString()).Tenant, query, options.Value, cancellation);
}
