using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Sophia.Knowledge;

namespace Sophia.Bench;

/// <summary>The comparison of a question with many vectors, and how many of the true ten nearest it finds. Made data: unit vectors around 1,000 centres, as the peers' are.</summary>
internal static class ScanBench
{
    private const int Centres = 1_000, Checked = 50, Wanted = 10;

    public static void Run(int count, int dimensions, int questions)
    {
        var random = new Random(1);
        var centres = Enumerable.Range(0, Centres).Select(_ => Drawn(random, dimensions, null)).ToArray();
        var asked = Enumerable.Range(0, questions).Select(_ => Drawn(random, dimensions, centres)).ToArray();
        var exact = Enumerable.Range(0, Math.Min(Checked, questions)).Select(_ => new PriorityQueue<long, float>()).ToArray();
        var (rows, clock) = (new VectorRows(dimensions), new Stopwatch());
        for (var chunk = 1; chunk <= count; chunk++)
        {
            var vector = Drawn(random, dimensions, centres);
            for (var q = 0; q < exact.Length; q++)
                if (TensorPrimitives.Dot<float>(asked[q], vector) is var near && (exact[q].Count < Wanted || exact[q].TryPeek(out _, out var least) && near > least))
                {
                    exact[q].Enqueue(chunk, near);
                    if (exact[q].Count > Wanted)
                        exact[q].Dequeue();
                }
            clock.Start();
            rows.Put(chunk, VectorCode.Encode(vector));
            clock.Stop();
        }
        var times = new List<double>();
        var recall = 0.0;
        for (var round = 0; round < 2; round++)
            for (var q = 0; q < questions; q++)
            {
                var began = Stopwatch.GetTimestamp();
                var found = new NearestScan(rows, asked[q]).Nearest(100);
                if (round == 0)
                    continue;
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (q < exact.Length)
                    recall += exact[q].UnorderedItems.Count(e => found.Take(Wanted).Any(f => f.Chunk == e.Element)) / (double)Wanted / exact.Length;
            }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count:N0} vectors of {dimensions}: p50 {times[times.Count / 2]:F2} ms  p95 {times[times.Count * 95 / 100]:F2} ms  recall@10 {recall:F3}  {rows.Bytes >> 20} MiB  encoded {count / clock.Elapsed.TotalSeconds:F0}/s"));
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
