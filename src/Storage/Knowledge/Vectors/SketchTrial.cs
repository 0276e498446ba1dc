namespace Sophia.Knowledge;

/// <summary>Finds out on the rows themselves whether their sketches say enough: whether a row's true nearest are among those that would be compared.</summary>
internal static class SketchTrial
{
    /// <summary>The share of the true ten nearest that must be among those compared, on the mean. Above what is promised (.95), because questions are not rows.</summary>
    private const double Wanted = .96;

    private const int Questions = 24, Nearest = 10, Segments = 6;

    public static bool Succeeds(RowSketches sketches, VectorRows.Segment[] segments)
    {
        // The largest and newest segments stand for all.
        var first = Math.Max(0, segments.Length - Segments);
        var asked = Enumerable.Range(first, segments.Length - first).SelectMany(at => Enumerable.Range(0, segments[at].Count).Select(row => (Segment: at, Row: row)))
            .Where(place => !float.IsNaN(segments[place.Segment].Scales[place.Row])).ToList();
        if (asked.Count < Nearest)
            return false;
        var held = new int[Questions];
        Parallel.For(0, Questions, new ParallelOptions { MaxDegreeOfParallelism = 2 }, number =>
        {
            var (segment, row) = asked[(int)((long)number * asked.Count / Questions)];
            held[number] = Held(sketches, segments, first, segment, row);
        });
        return held.Sum() >= Wanted * Questions * Nearest;
    }

    /// <summary>How many of the nearest of a row are among those whose sketches would be chosen.</summary>
    private static int Held(RowSketches sketches, VectorRows.Segment[] segments, int first, int asked, int askedRow)
    {
        var dimensions = segments[asked].Components.Length / segments[asked].Scales.Length;
        var question = segments[asked].Components.AsSpan(askedRow * dimensions, dimensions).ToArray();
        var magnitudes = Array.ConvertAll(question, component => (byte)Math.Abs((int)component));
        var sketched = new SketchedQuestion(Array.ConvertAll(question, component => (float)component));
        var (best, all, near) = (new PriorityQueue<float, float>(Nearest + 1), new List<float>(), new float[SketchedQuestion.Together]);
        for (var at = first; at < segments.Length; at++)
            for (var row = 0; row < segments[at].Count; row++)
            {
                if (row % near.Length == 0)
                    sketches.Parts[at].Near(sketched, row / near.Length, near);
                var exact = segments[at].Scales[row] * ByteDot.Of(question, magnitudes, segments[at].Components.AsSpan(row * dimensions, dimensions));
                if (float.IsNaN(exact))
                    continue;
                all.Add(near[row % near.Length]);
                if (best.Count < Nearest)
                    best.Enqueue(all[^1], exact);
                else if (best.TryPeek(out _, out var least) && exact > least)
                    best.EnqueueDequeue(all[^1], exact);
            }
        return best.UnorderedItems.Count(item => all.Count(other => other >= item.Element) <= all.Count / RowSketches.OneOf);
    }
}
