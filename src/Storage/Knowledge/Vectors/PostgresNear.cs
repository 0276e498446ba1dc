using Npgsql;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Proposes the chunks of a tenant in PostgreSQL that are near to a question: they are compared here, in a copy of the tenant's vectors.</summary>
internal sealed class PostgresNear(PostgresDatabase database, VectorCache cache, TenantId tenant)
{
    public async Task<CandidateSet> Join(CandidateSet words, CandidateQuery query, CancellationToken cancellation)
    {
        var answering = (await database.List(tenant, ask => ask.Add(PostgresVectorSql.Embedders).Int(VectorCode.Format), PostgresVectorStore.Embedder, cancellation)).FirstOrDefault(e => e.Answers);
        if (NearProposal.Missing(answering?.Id, query.Near!.Embedder, answering?.Vectors ?? 0, cache.Bound) is { } reason)
            return words with { NotNear = reason };
        var proposal = new NearProposal(await Current(answering!, cancellation), query);
        var passing = proposal.NeedsPassing ? await Passing(query, cancellation) : null;
        while (true)
        {
            var wanted = proposal.Wanted(passing);
            var rows = await database.List(tenant, ask => PostgresIndexSql.Near(ask, passing is null ? query.Filter : null, wanted), PostgresIndexRows.Near, cancellation);
            var found = rows.Where(r => r.Passes).Select(r => r.Candidate).ToDictionary(c => c.ChunkId);
            if (proposal.Suffices(wanted, rows.Select(r => r.Candidate.ChunkId).ToHashSet(), found.Count) || passing is not null)
                return proposal.Join(words, wanted.Where(found.ContainsKey).Select(id => found[id]));
            passing = query.Filter is null ? null : await Passing(query, cancellation);
        }
    }

    private Task<IReadOnlyList<long>> Passing(CandidateQuery query, CancellationToken cancellation) =>
        database.List(tenant, ask => PostgresIndexSql.Passing(ask, query.Filter!), row => row.GetInt64(0), cancellation);

    private async Task<VectorRows> Current(PostgresEmbedder answering, CancellationToken cancellation)
    {
        var copy = cache.Of(tenant);
        await copy.Gate.WaitAsync(cancellation);
        try
        {
            if (!copy.CanFollow(answering.Place) || (copy.Place != answering.Place && !await Read(copy.Rows!, answering.Place.Embedder, copy.Place.Change, cancellation)))
                await Read(copy.Begin(answering.Id.Dimensions), answering.Place.Embedder, -1, cancellation);
            copy.Reached(answering.Place);
            cache.Settle(copy);
            return copy.Rows!;
        }
        catch
        {
            copy.Forget();
            throw;
        }
        finally
        {
            copy.Gate.Release();
        }
    }

    private Task<bool> Read(VectorRows rows, long embedder, long after, CancellationToken cancellation) =>
        database.Read(tenant, ask => ask.Add(PostgresVectorSql.Changed).Int(embedder).Int(after), async reader =>
        {
            while (await reader.ReadAsync(cancellation))
                if (reader.Bytes(1) is { Length: > 0 } code && !rows.Put(reader.GetInt64(0), code))
                    return false;
            return true;
        }, cancellation);
}
