namespace Sophia.Knowledge;

/// <summary>What a projection keeps beside its cursor, which lies with what it projects: the records that it gave up on.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ProjectionState")]
internal sealed record ProjectionState
{
    [Id(0)]
    public long DeadLetters { get; init; }

    [Id(1)]
    public IReadOnlyList<ProjectionDeadLetter> Kept { get; init; } = [];

    /// <summary>Without a dead letter that was taken in after all.</summary>
    public ProjectionState Without(long position) => Kept.Any(k => k.Position == position)
        ? new ProjectionState { DeadLetters = DeadLetters - 1, Kept = Kept.Where(k => k.Position != position).ToArray() }
        : this;

    /// <summary>With another dead letter; one that is known already (it was written just before a crash) changes nothing.</summary>
    public ProjectionState With(ProjectionDeadLetter letter, int keep) => Kept.Any(k => k.Position == letter.Position)
        ? this
        : new ProjectionState { DeadLetters = DeadLetters + 1, Kept = Kept.Append(letter).TakeLast(keep).ToArray() };
}
