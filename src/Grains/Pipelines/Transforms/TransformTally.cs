namespace Sophia.Pipelines;

/// <summary>What each step of a stream's transforms did on the records of one batch.</summary>
/// <param name="words">What each step does, as people read it.</param>
internal sealed class TransformTally(string[] words)
{
    private readonly (long In, long Out, long Nulled, long Failed)[] counts = new (long, long, long, long)[words.Length];

    public IReadOnlyList<TransformStepView> Views => [.. counts.Select((count, i) => new TransformStepView(i + 1, words[i], count.In, count.Out, count.Nulled, count.Failed))];

    /// <summary>Counts one record that came to a step.</summary>
    /// <param name="made">Records that left it: 0 where it was filtered, more than 1 where it was split.</param>
    public void Count(int step, int made, int nulled, bool failed)
    {
        ref var count = ref counts[step];
        count.In++;
        count.Out += made;
        count.Nulled += nulled;
        count.Failed += failed ? 1 : 0;
    }
}
