namespace Sophia.Knowledge;

/// <summary>Finds out on the rows themselves whether their sketches say enough: whether a row's true nearest are among those that would be compared.</summary>
internal static class SketchTrial
{
    /// <summary>The share of the true ten nearest that must be among those compared, on the mean. Above what is promised (.95), because questions are not rows.</summary>
    private const double Wanted = .985;

    private const int Questions = 16, Nearest = 10, Rows = 100_000;

    public static bool Succeeds(RowSketches sketches, VectorRows.Segment[] segments)
    {
        var taken = Taken(segments);
        if (taken.Count == 0)
            return false;
        var places = new double[Questions][];
        Parallel.For(0, Questions, new ParallelOptions { MaxDegreeOfParallelism = 2 }, number =>
            places[number] = Places(sketches, segments, taken, taken[(int)((long)number * taken.Count / Questions)]));
        return places.SelectMany(of => of).Count(place => place <= 1.0 / RowSketches.OneOf) >= Wanted * Questions * Nearest;
    }

    /// <summary>The newest rows that have not left.</summary>
    private static List<(int Segment, int Row)> Taken(VectorRows.Segment[] segments)
    {
        var taken = new List<(int, int)>();
        for (var at = segments.Length - 1; at >= 0 && taken.Count < Rows; at--)
            for (var row = 0; row < segments[at].Count; row++)
                if (!float.IsNaN(segments[at].Scales[row]))
                    taken.Add((at, row));
        return taken;
    }

    /// <summary>For each of the nearest of a row, which share of the rows is as near by its sketch.</summary>
    private static double[] Places(RowSketches sketches, VectorRows.Segment[] segments, List<(int Segment, int Row)> taken, (int Segment, int Row) of)
    {
        var dimensions = segments[of.Segment].Components.Length / segments[of.Segment].Scales.Length;
        var question = segments[of.Segment].Components.AsSpan(of.Row * dimensions, dimensions).ToArray();
        var magnitudes = Array.ConvertAll(question, component => (byte)Math.Abs((int)component));
        var sketched = new SketchedQuestion(Array.ConvertAll(question, component => (float)component));
        var width = SketchedQuestion.WordsOf(dimensions);
        var (best, near) = (new PriorityQueue<int, float>(Nearest + 1), new float[taken.Count]);
        for (var at = 0; at < taken.Count; at++)
        {
            var (segment, row) = taken[at];
            var part = sketches.Parts[segment];
            near[at] = sketched.Near(ref part.Bits[row * width], part.Factors[row]);
            var exact = segments[segment].Scales[row] * ByteDot.Of(question, magnitudes, segments[segment].Components.AsSpan(row * dimensions, dimensions));
            if (best.Count < Nearest)
                best.Enqueue(at, exact);
            else if (best.TryPeek(out _, out var least) && exact > least)
                best.EnqueueDequeue(at, exact);
        }
        return [.. best.UnorderedItems.Select(item => near.Count(other => other >= near[item.Element]) / (double)near.Length)];
    }
}
