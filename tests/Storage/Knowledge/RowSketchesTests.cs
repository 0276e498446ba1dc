using System.Numerics.Tensors;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Of many vectors, sketches choose those that a question is compared with.</summary>
public sealed class RowSketchesTests
{
    private const int Dimensions = 96, Count = 12_000, Centres = 300;

    [Fact]
    public void At_least_nineteen_of_twenty_of_the_true_nearest_are_found()
    {
        var (exact, sketched) = (Filled(Count), Filled(Count));
        sketched.Sketch();
        Assert.NotNull(sketched.Sketches);
        var found = 0;
        for (var question = 0; question < 100; question++)
        {
            var asked = Vector(1_000_000 + question);
            var nearest = new NearestScan(exact, asked).Nearest(10).Select(near => near.Chunk).ToHashSet();
            found += new NearestScan(sketched, asked).Nearest(10).Count(near => nearest.Contains(near.Chunk));
        }
        Assert.InRange(found, 950, 1_000);
    }

    [Fact]
    public void The_same_rows_give_the_same_answers()
    {
        var (one, other) = (Filled(Count), Filled(Count));
        one.Sketch();
        other.Sketch();
        for (var question = 0; question < 20; question++)
            Assert.Equal(new NearestScan(one, Vector(-1 - question)).Nearest(30), new NearestScan(other, Vector(-1 - question)).Nearest(30));
    }

    [Fact]
    public void A_row_that_comes_later_is_found_one_that_changes_is_found_anew_and_one_that_left_is_not_found()
    {
        var rows = Filled(Count);
        rows.Sketch();
        for (var later = 1; later <= 9_000; later++)
            rows.Put(Count + later, VectorCode.Encode(Vector(Count + later)));
        Assert.Equal(Count + 8_000, Nearest(rows, Count + 8_000));
        rows.Put(17, VectorCode.Encode(Vector(77_777)));
        Assert.Equal(17, Nearest(rows, 77_777));
        rows.Bury(17);
        Assert.NotEqual(17, Nearest(rows, 77_777));
    }

    [Fact]
    public void As_many_are_found_as_are_wanted()
    {
        var rows = Filled(Count);
        rows.Sketch();
        Assert.Equal(120, new NearestScan(rows, Vector(5)).Nearest(120).Count);
        Assert.Equal(3_000, new NearestScan(rows, Vector(5)).Nearest(3_000).Count);
    }

    [Fact]
    public void Rows_that_sketches_cannot_tell_apart_are_compared_one_by_one()
    {
        var rows = new VectorRows(Dimensions);
        for (var chunk = 1; chunk <= 3_000; chunk++)
            rows.Put(chunk, VectorCode.Encode(Vector(7)));
        rows.Sketch();
        Assert.Null(rows.Sketches);
        Assert.Equal(10, new NearestScan(rows, Vector(7)).Nearest(10).Count);
    }

    [Fact]
    public void A_copy_is_sketched_once_it_is_beyond_the_bound_and_anew_when_it_has_doubled()
    {
        using var cache = new VectorCache(TimeProvider.System, new StorageOptions { VectorsExact = Count - 1 });
        var copy = cache.Of(TenantId.Parse("acme"));
        var rows = copy.Begin(Dimensions);
        Put(rows, 1, Count - 1);
        cache.Settle(copy);
        Assert.Null(rows.Sketches);
        Put(rows, Count, Count);
        cache.Settle(copy);
        var first = rows.Sketches;
        Assert.NotNull(first);
        Assert.True(cache.Bytes >= Count * VectorRows.BytesOf(Dimensions));
        Put(rows, Count + 1, 2 * Count - 1);
        cache.Settle(copy);
        Assert.Same(first, rows.Sketches);
        Put(rows, 2 * Count, 2 * Count);
        cache.Settle(copy);
        Assert.NotSame(first, rows.Sketches);
    }

    private static long Nearest(VectorRows rows, int seed) => new NearestScan(rows, Vector(seed)).Nearest(1)[0].Chunk;

    private static VectorRows Filled(int count)
    {
        var rows = new VectorRows(Dimensions);
        Put(rows, 1, count);
        return rows;
    }

    private static void Put(VectorRows rows, int from, int until)
    {
        for (var chunk = from; chunk <= until; chunk++)
            rows.Put(chunk, VectorCode.Encode(Vector(chunk)));
    }

    /// <summary>A vector near to one of the centres.</summary>
    private static float[] Vector(int seed)
    {
        var random = new Random(seed);
        var vector = Drawn(new Random(1_000 + random.Next(Centres)));
        var noise = Drawn(random);
        for (var at = 0; at < Dimensions; at++)
            vector[at] += noise[at] * .6f;
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        return vector;
    }

    private static float[] Drawn(Random random)
    {
        var vector = new float[Dimensions];
        for (var at = 0; at < Dimensions; at++)
            vector[at] = random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f;
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        return vector;
    }
}
