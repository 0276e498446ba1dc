using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Searches for a tenant; the key is the tenant. Several may work at a time.</summary>
[StatelessWorker, InTenantPool]
internal sealed class SearchGrain(IIndexStore index, ILogStore log, KnowledgeCache cache, IOptions<RankingOptions> options, IGrainFactory grains, TimeProvider time, IFeatures? features = null, IPolicies? policies = null, IBulkheads? bulkheads = null) : Grain, ISearchGrain
{
    private readonly CachedSearch searching = new(new SearchEngine(index, log, time, tenant => new GrainEmbedder(tenant, grains), bulkheads), index, log, cache, options.Value, time, features, givesLastAnswers: policies?.OfInstallation(PolicyNames.Index).Fallback != PolicyFallback.None);

    public async Task<SearchAnswer> Search(SearchQuery query, CancellationToken cancellation)
    {
        var tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        var began = time.GetTimestamp();
        var answer = await searching.Search(tenant, query, cancellation);
        KnowledgeMeter.Searched(time.GetElapsedTime(began) - answer.Waited);
        if (answer.IndexedTo < answer.Head)
            await GrainFactory.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, Projections.Index)).Hint(answer.Head); // A lost hint would else be waited for.
        return answer;
    }
}
