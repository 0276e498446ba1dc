namespace Sophia.Knowledge;

/// <summary>What a projection does, apart from when: takes the next batch from where it is to where it should be.</summary>
internal interface IProjectionFeed
{
    /// <summary>As it stands in the projection's key.</summary>
    string Name { get; }

    /// <summary>Projections that go on from what this one made.</summary>
    IReadOnlyList<string> Followers { get; }

    /// <summary>How far it is.</summary>
    Task<IndexCursor> Cursor(CancellationToken cancellation);

    /// <summary>How far there is to go; the cursor's position where nothing waits.</summary>
    Task<long> Head(IndexCursor cursor, CancellationToken cancellation);

    /// <summary>Whether what was made so far was made in another way, and has to be made again.</summary>
    bool IsOutdated(IndexCursor cursor);

    /// <summary>Throws away what was made.</summary>
    /// <exception cref="Operations.RefusedException">Invalid: it cannot be made again by itself.</exception>
    Task Restart(CancellationToken cancellation);

    /// <summary>Takes in again what was put aside, as it stands now; null, or why it cannot be.</summary>
    /// <exception cref="Exception">Another attempt may help.</exception>
    Task<string?> Redo(ProjectionDeadLetter letter, IndexCursor cursor, CancellationToken cancellation);

    /// <summary>Takes the next batch.</summary>
    /// <exception cref="Exception">Nothing of the batch is done; another attempt may help.</exception>
    Task<FeedStep> Step(IndexCursor cursor, CancellationToken cancellation);
}

/// <summary>What one step came to: how far it is, and whether it moved (by this step, or by another's that overtook it, whereupon this one was refused).</summary>
internal readonly record struct FeedStep(IndexCursor Cursor, bool Moved, bool Overtaken = false);
