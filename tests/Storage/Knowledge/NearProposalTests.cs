namespace Sophia.Knowledge;

/// <summary>Copies are shared by questions that see different states of the store.</summary>
public sealed class NearProposalTests
{
    private static readonly EmbedderId Embedder = new("test", 1, 2);

    [Fact]
    public void A_chunk_that_came_into_the_copy_after_a_question_began_is_not_buried_by_it()
    {
        var rows = Rows(1, 2);
        var older = new NearProposal(rows, Question());
        rows.Put(3, VectorCode.Encode([1f, 0f]));
        Assert.True(older.Suffices(older.Wanted(), new HashSet<long> { 1, 2 }, 2));
        Assert.Equal(0, rows.Buried);
        Assert.Contains(3, new NearProposal(rows, Question()).Wanted());
    }

    [Fact]
    public void A_chunk_that_the_store_lost_before_is_buried()
    {
        var rows = Rows(1, 2);
        var proposal = new NearProposal(rows, Question());
        proposal.Suffices(proposal.Wanted(), new HashSet<long> { 2 }, 1);
        Assert.Equal([2L], proposal.Wanted());
    }

    [Fact]
    public void A_question_is_not_compared_with_rows_of_another_length() =>
        Assert.Throws<ArgumentException>(() => new NearProposal(new VectorRows(3), Question()));

    private static VectorRows Rows(params long[] chunks)
    {
        var rows = new VectorRows(2);
        foreach (var chunk in chunks)
            rows.Put(chunk, VectorCode.Encode([1f, 0f]));
        return rows;
    }

    private static CandidateQuery Question() => new([], [], null, 10) { Near = new VectorQuery(Embedder, new float[] { 1, 0 }, 10) };
}
