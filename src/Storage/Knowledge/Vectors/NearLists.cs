using System.Numerics.Tensors;

namespace Sophia.Knowledge;

// Beyond some hundred thousand vectors comparing a question with every one takes too long. The rows are grouped: about the root of their number of centres are found among them
// (k-means over a sample), each row stands in the list of the centre it is nearest to, and a question is compared with the rows of the lists whose centres it is nearest to. Rows stay
// where they are; a list holds their places. New rows are put into the list of their nearest centre; rows that have left are known by their rows.
//
// How many lists a question looks into is measured on the rows themselves, once the lists are made (NearTrial): as many as hold the wanted share of the true nearest. Where that would be too
// many for any gain, there are no lists, and every row is compared as before. Nothing is drawn by chance: the same rows give the same lists.

/// <summary>Rows grouped by nearness. One writer adds; whoever reads meanwhile sees each list as it was or as it is.</summary>
internal sealed class NearLists
{
    /// <summary>Rows that are looked at for each centre, and how often centres are moved.</summary>
    private const int SampledPerCentre = 24, Rounds = 6;

    /// <summary>Cores that making lists may use, beside the questions.</summary>
    private const int Cores = 2;

    private readonly int dimensions;
    private readonly sbyte[] centres;
    private readonly float[] scales;
    private readonly PlaceList[] lists;
    private readonly byte[] magnitudes;

    private NearLists(int count, int dimensions)
    {
        (this.dimensions, centres, scales, magnitudes) = (dimensions, new sbyte[count * dimensions], new float[count], new byte[dimensions]);
        lists = [.. Enumerable.Range(0, count).Select(_ => new PlaceList())];
    }

    public int Count => lists.Length;

    /// <summary>Lists that a question looks into at least.</summary>
    public int Probes { get; private set; }

    public long Bytes => centres.Length + lists.Sum(list => list.Bytes);

    /// <summary>Groups the rows of some segments, or says (null) that it would gain nothing.</summary>
    /// <param name="counts">How many rows of each segment are there.</param>
    public static NearLists? Of(int dimensions, VectorRows.Segment[] segments, int[] counts)
    {
        var places = Places(segments, counts);
        var made = new NearLists(Math.Clamp((int)Math.Sqrt(places.Length), 16, 8_192), dimensions);
        made.Train(segments, [.. Enumerable.Range(0, Math.Min(places.Length, SampledPerCentre * made.Count)).Select(at => places[(long)at * places.Length / Math.Min(places.Length, SampledPerCentre * made.Count)])]);
        var nearest = made.Assign(segments, places);
        for (var at = 0; at < places.Length; at++)
            made.lists[nearest[at]].Add(places[at], VectorRows.At(segments, places[at], out var row).Scales[row]);
        made.Probes = NearTrial.Probes(made, segments, places, nearest);
        return made.Probes == 0 ? null : made;
    }

    /// <summary>Puts a row into its list. By one writer at a time.</summary>
    public void Add(int place, ReadOnlySpan<sbyte> components, float scale)
    {
        Magnitudes(components, magnitudes);
        lists[NearestOf(components, magnitudes)].Add(place, scale);
    }

    /// <summary>The lists in the order of their centres' nearness to a question.</summary>
    public int[] Ordered(ReadOnlySpan<sbyte> question, ReadOnlySpan<byte> questionMagnitudes)
    {
        var (near, order) = (new float[Count], new int[Count]);
        for (var at = 0; at < near.Length; at++)
            (near[at], order[at]) = (-scales[at] * ByteDot.Of(question, questionMagnitudes, centres.AsSpan(at * dimensions, dimensions)), at);
        Array.Sort(near, order);
        return order;
    }

    /// <summary>The rows to compare with a question: those of the nearest lists, at least so many.</summary>
    public List<PlaceList.Part> Near(ReadOnlySpan<sbyte> question, ReadOnlySpan<byte> questionMagnitudes, int least)
    {
        var parts = new List<PlaceList.Part>(Probes);
        var rows = 0;
        foreach (var list in Ordered(question, questionMagnitudes))
        {
            if (parts.Count >= Probes && rows >= least)
                break;
            parts.Add(lists[list].Now);
            rows += parts[^1].Count;
        }
        return parts;
    }

    private static int[] Places(VectorRows.Segment[] segments, int[] counts)
    {
        var places = new List<int>(counts.Sum());
        for (var segment = 0; segment < segments.Length; segment++)
            for (var row = 0; row < counts[segment]; row++)
                if (!float.IsNaN(segments[segment].Scales[row]))
                    places.Add(VectorRows.Place(segment, row));
        return [.. places];
    }

    private void Train(VectorRows.Segment[] segments, int[] sample)
    {
        for (var centre = 0; centre < Count; centre++)
        {
            var first = VectorRows.At(segments, sample[(long)centre * sample.Length / Count], out var row);
            first.Components.AsSpan(row * dimensions, dimensions).CopyTo(centres.AsSpan(centre * dimensions));
            scales[centre] = first.Scales[row];
        }
        var (sum, widened) = (new float[centres.Length], new float[dimensions]);
        for (var round = 0; round < Rounds; round++)
        {
            var nearest = Assign(segments, sample);
            Array.Clear(sum);
            for (var at = 0; at < sample.Length; at++)
            {
                var segment = VectorRows.At(segments, sample[at], out var row);
                TensorPrimitives.ConvertTruncating<sbyte, float>(segment.Components.AsSpan(row * dimensions, dimensions), widened);
                var into = sum.AsSpan(nearest[at] * dimensions, dimensions);
                TensorPrimitives.MultiplyAdd(widened, segment.Scales[row], into, into);
            }
            for (var centre = 0; centre < Count; centre++)
                Move(centre, sum.AsSpan(centre * dimensions, dimensions));
        }
    }

    /// <summary>A centre that nobody is nearest to stays where it is.</summary>
    private void Move(int centre, Span<float> to)
    {
        var length = TensorPrimitives.Norm<float>(to);
        if (length <= 0)
            return;
        TensorPrimitives.Divide(to, length, to);
        scales[centre] = VectorCode.Quantise(to, centres.AsSpan(centre * dimensions, dimensions));
    }

    private int[] Assign(VectorRows.Segment[] segments, int[] places)
    {
        const int Part = 4_096;
        var nearest = new int[places.Length];
        Parallel.For(0, (places.Length + Part - 1) / Part, new ParallelOptions { MaxDegreeOfParallelism = Cores }, part =>
        {
            var own = new byte[dimensions];
            for (var at = part * Part; at < Math.Min(places.Length, (part + 1) * Part); at++)
            {
                var segment = VectorRows.At(segments, places[at], out var row);
                var components = segment.Components.AsSpan(row * dimensions, dimensions);
                Magnitudes(components, own);
                nearest[at] = NearestOf(components, own);
            }
        });
        return nearest;
    }

    private int NearestOf(ReadOnlySpan<sbyte> components, ReadOnlySpan<byte> own)
    {
        var (best, nearest) = (float.NegativeInfinity, 0);
        for (var centre = 0; centre < scales.Length; centre++)
            if (scales[centre] * ByteDot.Of(components, own, centres.AsSpan(centre * dimensions, dimensions)) is var near && near > best)
                (best, nearest) = (near, centre);
        return nearest;
    }

    private static void Magnitudes(ReadOnlySpan<sbyte> components, Span<byte> into)
    {
        for (var at = 0; at < components.Length; at++)
            into[at] = (byte)Math.Abs((int)components[at]);
    }
}

/// <summary>Places of rows with their scales. One writer adds; whoever reads sees it as it was or as it is.</summary>
internal sealed class PlaceList
{
    private int[] places = new int[16];
    private float[] scales = new float[16];
    private int count;

    public long Bytes => places.Length * (sizeof(int) + (long)sizeof(float));

    public Part Now
    {
        get
        {
            var rows = Volatile.Read(ref count); // Before the arrays, which are then at least as long.
            return new Part(Volatile.Read(ref places), Volatile.Read(ref scales), rows);
        }
    }

    public void Add(int place, float scale)
    {
        if (count == places.Length)
        {
            int[] wider = [.. places, .. new int[count / 2]];
            float[] more = [.. scales, .. new float[count / 2]];
            Volatile.Write(ref places, wider);
            Volatile.Write(ref scales, more);
        }
        (places[count], scales[count]) = (place, scale);
        Volatile.Write(ref count, count + 1);
    }

    internal readonly record struct Part(int[] Places, float[] Scales, int Count);
}
