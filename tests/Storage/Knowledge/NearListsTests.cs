using System.Numerics.Tensors;
using Sophia.Operations;

namespace Sophia.Knowledge;

/// <summary>Many vectors are grouped, and a question is compared with the nearest groups alone.</summary>
public sealed class NearListsTests
{
    private const int Dimensions = 48, Rows = 6_000, Centres = 150;

    [Fact]
    public void Lists_hold_at_least_nineteen_of_twenty_of_the_true_nearest()
    {
        var (exact, grouped) = (Filled(Rows), Filled(Rows));
        Assert.True(Group(grouped));
        Assert.InRange(grouped.Lists!.Probes, 1, grouped.Lists.Count / 4);
        var found = 0;
        for (var question = 0; question < 100; question++)
        {
            var asked = Vector(1_000_000 + question);
            var nearest = new NearestScan(exact, asked).Nearest(10).Select(near => near.Chunk).ToHashSet();
            found += new NearestScan(grouped, asked).Nearest(10).Count(near => nearest.Contains(near.Chunk));
        }
        Assert.InRange(found, 950, 1_000);
    }

    [Fact]
    public void The_same_rows_give_the_same_lists()
    {
        var (one, other) = (Filled(Rows), Filled(Rows));
        Group(one);
        Group(other);
        Assert.Equal(one.Lists!.Probes, other.Lists!.Probes);
        for (var question = 0; question < 20; question++)
            Assert.Equal(new NearestScan(one, Vector(-1 - question)).Nearest(30), new NearestScan(other, Vector(-1 - question)).Nearest(30));
    }

    [Fact]
    public void A_row_that_comes_later_is_found_and_one_that_left_is_not()
    {
        var rows = Filled(Rows);
        Group(rows);
        rows.Put(Rows + 1, VectorCode.Encode(Vector(77_777)));
        Assert.Equal(Rows + 1, new NearestScan(rows, Vector(77_777)).Nearest(1)[0].Chunk);
        rows.Bury(Rows + 1);
        Assert.NotEqual(Rows + 1, new NearestScan(rows, Vector(77_777)).Nearest(1)[0].Chunk);
    }

    [Fact]
    public void Rows_that_came_while_lists_were_made_are_in_them()
    {
        var rows = Filled(Rows);
        var (segments, counts) = Taken(rows);
        for (var later = 0; later < 500; later++)
            rows.Put(Rows + 1 + later, VectorCode.Encode(Vector(Rows + 1 + later)));
        rows.Adopt(NearLists.Of(Dimensions, segments, counts), counts);
        for (var later = 0; later < 500; later++)
            Assert.Equal(Rows + 1 + later, new NearestScan(rows, Vector(Rows + 1 + later)).Nearest(1)[0].Chunk);
    }

    [Fact]
    public void As_many_are_found_as_are_wanted_though_the_nearest_lists_hold_fewer()
    {
        var rows = Filled(Rows);
        Group(rows);
        Assert.Equal(1_500, new NearestScan(rows, Vector(5)).Nearest(1_500).Count);
    }

    /// <summary>Vectors without any order: to hold the nearest, nearly all lists would have to be looked into.</summary>
    [Fact]
    public void Rows_that_no_lists_bring_in_order_are_compared_one_by_one()
    {
        var rows = new VectorRows(Dimensions);
        var random = new Random(3);
        for (var chunk = 1; chunk <= 3_000; chunk++)
            rows.Put(chunk, VectorCode.Encode(Drawn(random)));
        Assert.False(Group(rows));
        Assert.Null(rows.Lists);
        Assert.Equal(10, new NearestScan(rows, Vector(1)).Nearest(10).Count);
    }

    [Fact]
    public async Task A_copy_is_grouped_beside_the_questions_once_it_is_beyond_the_bound()
    {
        var cache = new VectorCache(TimeProvider.System, new StorageOptions { VectorsExact = Rows - 1 });
        var copy = cache.Of(Tenants.TenantId.Parse("acme"));
        var rows = copy.Begin(Dimensions);
        for (var chunk = 1; chunk < Rows; chunk++)
            rows.Put(chunk, VectorCode.Encode(Vector(chunk)));
        cache.Settle(copy);
        await copy.Grouped;
        cache.Settle(copy);
        Assert.Null(rows.Lists);
        rows.Put(Rows, VectorCode.Encode(Vector(Rows)));
        cache.Settle(copy);
        await copy.Grouped;
        cache.Settle(copy);
        Assert.NotNull(rows.Lists);
        Assert.True(cache.Bytes >= Rows * VectorRows.BytesOf(Dimensions));
    }

    private static bool Group(VectorRows rows)
    {
        var (segments, counts) = Taken(rows);
        rows.Adopt(NearLists.Of(Dimensions, segments, counts), counts);
        return rows.Lists is not null;
    }

    private static (VectorRows.Segment[], int[]) Taken(VectorRows rows)
    {
        var segments = rows.Segments.ToArray();
        return (segments, Array.ConvertAll(segments, segment => segment.Count));
    }

    private static VectorRows Filled(int count)
    {
        var rows = new VectorRows(Dimensions);
        for (var chunk = 1; chunk <= count; chunk++)
            rows.Put(chunk, VectorCode.Encode(Vector(chunk)));
        return rows;
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
