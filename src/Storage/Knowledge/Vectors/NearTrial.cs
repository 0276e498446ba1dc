namespace Sophia.Knowledge;

/// <summary>Finds out on the rows themselves how many lists a question must look into.</summary>
/// <remarks>Rows are asked as they are, and thinned to a part of their components, as a question of few words is a thin text: such a question is near to little, and its nearest are spread wider.</remarks>
internal static class NearTrial
{
    /// <summary>The share of the true ten nearest that lists must hold on the mean. Above what is promised (.95), because questions are not rows.</summary>
    public const double Wanted = .98;

    /// <summary>Of all lists, the share up to which looking into them is worth it.</summary>
    private const double WorthIt = .25;

    private const int Questions = 40, Nearest = 10;

    /// <summary>One component of so many is kept.</summary>
    private static readonly int[] Thinned = [1, 4, 12];

    /// <summary>Lists to look into; 0: too many for any gain.</summary>
    public static int Probes(NearLists lists, VectorRows.Segment[] segments, int[] places, int[] listOf)
    {
        var most = 0;
        foreach (var part in Thinned)
        {
            var ranks = new int[Questions * Nearest];
            Parallel.For(0, Questions, new ParallelOptions { MaxDegreeOfParallelism = 2 }, number =>
                Ranks(lists, segments, places, listOf, Question(segments, places[(long)number * places.Length / Questions], number, part)).CopyTo(ranks, number * Nearest));
            Array.Sort(ranks);
            most = Math.Max(most, 1 + ranks[(int)Math.Ceiling(ranks.Length * Wanted) - 1]);
        }
        return most <= WorthIt * lists.Count ? most : 0;
    }

    /// <summary>For each of the true nearest, how many lists come before the one it stands in.</summary>
    private static int[] Ranks(NearLists lists, VectorRows.Segment[] segments, int[] places, int[] listOf, sbyte[] question)
    {
        var magnitudes = Array.ConvertAll(question, component => (byte)Math.Abs((int)component));
        var best = new PriorityQueue<int, float>(Nearest + 1);
        for (var at = 0; at < places.Length; at++)
        {
            var segment = VectorRows.At(segments, places[at], out var row);
            var near = segment.Scales[row] * ByteDot.Of(question, magnitudes, segment.Components.AsSpan(row * question.Length, question.Length));
            if (best.Count < Nearest)
                best.Enqueue(at, near);
            else if (best.TryPeek(out _, out var least) && near > least)
                best.EnqueueDequeue(at, near);
        }
        var order = lists.Ordered(question, magnitudes);
        return [.. best.UnorderedItems.Select(item => Array.IndexOf(order, listOf[item.Element]))];
    }

    private static sbyte[] Question(VectorRows.Segment[] segments, int place, int number, int part)
    {
        var segment = VectorRows.At(segments, place, out var row);
        var dimensions = segment.Components.Length / segment.Scales.Length;
        var question = segment.Components.AsSpan(row * dimensions, dimensions).ToArray();
        var drawn = (uint)number * 2_654_435_761u + 1;
        for (var at = 0; at < question.Length; at++)
        {
            drawn = drawn * 1_664_525 + 1_013_904_223;
            if (part > 1 && (drawn >> 16) % (uint)part != 0)
                question[at] = 0;
        }
        return question;
    }
}
