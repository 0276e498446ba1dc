using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sophia.Knowledge;

// A sketch of a row says for each dimension only on which side of the rows' mean it lies: one bit. A question differs from a row by the sizes of its components on whose side the row does not lie;
// how near that makes the row is an estimate whose error is like chance, good enough to say which part of the rows must be compared properly (Gao and Long, RaBitQ, 2024, without its rotation). A
// factor beside the bits makes rows of different spread comparable.
//
// Four dimensions have sixteen ways to lie, so for each four a question has a table of sixteen differences, and one instruction looks up 32 rows' at a time (André, Kermarrec and Le Scouarnec, Cache
// locality is not enough, 2015). For that, 32 rows lie together: of each eight dimensions a byte of every row.

/// <summary>A question ready to be compared with the sketches of rows.</summary>
internal sealed class SketchedQuestion
{
    /// <summary>Rows that lie together.</summary>
    public const int Together = 32;

    /// <summary>The largest difference in a table: two of them, and all, fit what they are added up in.</summary>
    private const int LargestEntry = 127, LargestSum = ushort.MaxValue;

    private const int Ways = 16, OfTable = 4;

    private readonly byte[] tables;
    private readonly float total;

    public SketchedQuestion(ReadOnlySpan<float> question)
    {
        var sums = new float[2 * BytesOf(question.Length)];
        for (var at = 0; at < question.Length; at++)
            sums[at / OfTable] += Math.Abs(question[at]);
        var (most, all) = (sums.Max(), sums.Sum());
        var scale = all <= 0 ? 0 : Math.Min(LargestEntry / most, (LargestSum - sums.Length) / all);
        total = all * scale;
        tables = new byte[sums.Length * Together];
        for (var table = 0; table < sums.Length; table++)
            for (var way = 0; way < Ways; way++)
                tables[table * Together + way] = tables[table * Together + Ways + way] = (byte)MathF.Round(scale * Difference(question, table * OfTable, way));
    }

    /// <summary>Whether this processor looks up fast enough for sketches to be of use.</summary>
    public static bool IsFast => Avx2.IsSupported;

    /// <summary>Bytes of a sketch without its factor.</summary>
    public static int BytesOf(int dimensions) => (dimensions + 7) / 8;

    /// <summary>Writes the bits of a row among those that it lies with; returns its factor.</summary>
    /// <param name="block">The rows that lie together.</param>
    public static float Write(ReadOnlySpan<sbyte> components, float scale, ReadOnlySpan<float> mean, Span<byte> block, int row)
    {
        var (squares, sizes, bits) = (0f, 0f, 0);
        for (var at = 0; at < components.Length; at++)
        {
            var rest = components[at] * scale - mean[at];
            squares += rest * rest;
            sizes += Math.Abs(rest);
            bits |= rest < 0 ? 1 << (at % 8) : 0;
            if (at % 8 < 7 && at < components.Length - 1)
                continue;
            block[at / 8 * Together + row] = (byte)bits;
            bits = 0;
        }
        return sizes > 0 ? squares / sizes : 0;
    }

    /// <summary>How near the rows of a block are, in a unit of the question's own.</summary>
    public void Near(ReadOnlySpan<byte> block, ReadOnlySpan<float> factors, Span<float> near)
    {
        Span<ushort> even = stackalloc ushort[Together / 2], odd = stackalloc ushort[Together / 2];
        var (sumEven, sumOdd, low, byteOf) = (Vector256<ushort>.Zero, Vector256<ushort>.Zero, Vector256.Create((byte)15), Vector256.Create((ushort)255));
        ref var bits = ref MemoryMarshal.GetReference(block);
        ref var table = ref MemoryMarshal.GetArrayDataReference(tables);
        for (var at = 0; at < block.Length; at += Together)
        {
            var both = Vector256.LoadUnsafe(ref bits, (nuint)at);
            var sum = (Avx2.Shuffle(Vector256.LoadUnsafe(ref table, (nuint)(2 * at)), both & low)
                + Avx2.Shuffle(Vector256.LoadUnsafe(ref table, (nuint)(2 * at + Together)), Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & low)).AsUInt16();
            sumEven += sum & byteOf;
            sumOdd += Vector256.ShiftRightLogical(sum, 8);
        }
        sumEven.CopyTo(even);
        sumOdd.CopyTo(odd);
        for (var pair = 0; pair < even.Length; pair++)
        {
            near[2 * pair] = factors[2 * pair] * (total - 2 * even[pair]);
            near[2 * pair + 1] = factors[2 * pair + 1] * (total - 2 * odd[pair]);
        }
    }

    private static float Difference(ReadOnlySpan<float> question, int from, int way)
    {
        var sum = 0f;
        for (var at = from; at < Math.Min(from + OfTable, question.Length); at++)
            if (question[at] < 0 != ((way >> (at - from) & 1) != 0))
                sum += Math.Abs(question[at]);
        return sum;
    }
}
