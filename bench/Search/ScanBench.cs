using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Sophia.Knowledge;

namespace Sophia.Bench;

/// <summary>The comparison of a question with many vectors alone: with every one, and with those that sketches choose; how long it takes and how many of the true ten nearest are found.</summary>
internal static class ScanBench
{
    private const int Centres = 1_000, Checked = 100, Wanted = 10;

    /// <summary>Made data: unit vectors around 1,000 centres, as the peers' are.</summary>
    public static void Made(int count, int dimensions, int questions)
    {
        var random = new Random(1);
        var centres = Enumerable.Range(0, Centres).Select(_ => Drawn(random, dimensions, null)).ToArray();
        var asked = Enumerable.Range(0, questions).Select(_ => Drawn(random, dimensions, centres)).ToArray();
        Run($"{count:N0} made vectors of {dimensions}", dimensions, count, _ => Drawn(random, dimensions, centres), [("made", asked)]);
    }

    /// <summary>Real passages and questions by the built-in embedder.</summary>
    public static void Real(int count, Passages passages, int questions)
    {
        var hashed = new HashedWords();
        Run($"{count:N0} passages by the built-in embedder", HashedWords.Dimensions, count, number => Embedded(passages.Text(number)),
            [("short", [.. Enumerable.Range(0, questions).Select(number => Embedded(passages.Short(number, false)))]), ("whole", [.. Enumerable.Range(0, questions).Select(number => Embedded(passages.Whole(number)))])]);

        float[] Embedded(string text)
        {
            var vector = new float[HashedWords.Dimensions];
            hashed.Write(text, vector);
            return vector;
        }
    }

    private static void Run(string name, int dimensions, int count, Func<int, float[]> vectorOf, (string Kind, float[][] Asked)[] kinds)
    {
        var exact = kinds.Select(kind => kind.Asked.Take(Checked).Select(_ => new PriorityQueue<long, float>()).ToArray()).ToArray();
        var rows = new VectorRows(dimensions);
        for (var chunk = 1; chunk <= count; chunk++)
        {
            var vector = vectorOf(chunk);
            for (var kind = 0; kind < kinds.Length; kind++)
                for (var q = 0; q < exact[kind].Length; q++)
                    Offer(exact[kind][q], chunk, TensorPrimitives.Dot<float>(kinds[kind].Asked[q], vector));
            rows.Put(chunk, VectorCode.Encode(vector));
        }
        for (var kind = 0; kind < kinds.Length; kind++)
            Ask($"{name}, {kinds[kind].Kind}, every one", rows, kinds[kind].Asked, exact[kind]);
        var clock = Stopwatch.StartNew();
        rows.Sketch();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sketched in {clock.Elapsed.TotalSeconds:F1} s, {count / clock.Elapsed.TotalSeconds:N0}/s: {(rows.Sketches is null ? "no gain, no sketches" : $"one of {RowSketches.OneOf} rows compared")}; {rows.Bytes >> 20} MiB; load {Asking.Load()}"));
        for (var kind = 0; kind < kinds.Length && rows.Sketches is not null; kind++)
            Ask($"{name}, {kinds[kind].Kind}, sketches first", rows, kinds[kind].Asked, exact[kind]);
    }

    private static void Offer(PriorityQueue<long, float> best, long chunk, float near)
    {
        if (best.Count == Wanted && best.TryPeek(out _, out var least) && near <= least)
            return;
        best.Enqueue(chunk, near);
        if (best.Count > Wanted)
            best.Dequeue();
    }

    private static void Ask(string name, VectorRows rows, float[][] asked, PriorityQueue<long, float>[] exact)
    {
        var (times, recall, before) = (new List<double>(), 0.0, Asking.Processor());
        for (var round = 0; round < 2; round++, before = round == 1 ? Asking.Processor() : before)
            for (var q = 0; q < asked.Length; q++)
            {
                var began = Stopwatch.GetTimestamp();
                var found = new NearestScan(rows, asked[q]).Nearest(100);
                if (round == 0)
                    continue;
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (q < exact.Length)
                    recall += exact[q].UnorderedItems.Count(e => found.Take(Wanted).Any(f => f.Chunk == e.Element)) / (double)Wanted / exact.Length;
            }
        var work = (Asking.Processor() - before).TotalMilliseconds / asked.Length;
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: p50 {times[times.Count / 2]:F2} ms  p95 {times[times.Count * 95 / 100]:F2} ms  processor {work:F1} ms  recall@10 {recall:F3}  load {Asking.Load()}"));
    }

    private static float[] Drawn(Random random, int dimensions, float[][]? centres)
    {
        var vector = new float[dimensions];
        var centre = centres?[random.Next(centres.Length)];
        for (var i = 0; i < dimensions; i++)
            vector[i] = (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f) / MathF.Sqrt(dimensions) + (centre is null ? 0 : centre[i] * .7f);
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        return vector;
    }
}
