using Sophia.Sqlite;

namespace Sophia.Knowledge;

/// <summary>Proposes the chunks of an index.db that are near to a question, on a reading connection.</summary>
internal sealed class SqliteNear(DatabaseConnection database, VectorCache cache, VectorCopy copy)
{
    public CandidateSet Join(CandidateSet words, CandidateQuery query)
    {
        var vectors = new SqliteVectors(database);
        var answering = vectors.Answering();
        if (NearProposal.Missing(answering?.Id, query.Near!.Embedder, answering?.Vectors ?? 0, cache.Bound) is { } reason)
            return words with { NotNear = reason };
        NearProposal proposal;
        copy.Gate.Wait();
        try
        {
            vectors.Bring(copy, query.Near.Embedder.Dimensions, answering!.Value.Place);
            cache.Settle(copy);
            proposal = new NearProposal(copy.Rows!, query); // Under the gate: another question may begin other rows, of another length.
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
        return Propose(proposal, words, query);
    }

    private CandidateSet Propose(NearProposal proposal, CandidateSet words, CandidateQuery query)
    {
        var reader = new IndexReader(database);
        var found = new List<Candidate>();
        var passing = proposal.NeedsPassing ? reader.Passing(query.Filter!) : null;
        for (var enough = false; !enough;)
        {
            var wanted = proposal.Wanted(passing);
            var rows = reader.Near(wanted, passing is null ? query.Filter : null);
            found = rows.FindAll(r => r.Passes).ConvertAll(r => r.Candidate);
            enough = proposal.Suffices(wanted, rows.Select(r => r.Candidate.ChunkId).ToHashSet(), found.Count) || passing is not null;
            if (!enough && query.Filter is not null)
                passing = reader.Passing(query.Filter);
        }
        return proposal.Join(words, found);
    }
}
