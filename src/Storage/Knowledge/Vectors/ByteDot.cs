using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sophia.Knowledge;

/// <summary>The dot product of two vectors of signed bytes from -127 to 127, exactly. A product of two such bytes and the sum of two such products fit 16 bits, which the fast ways rely on.</summary>
internal static class ByteDot
{
    /// <param name="magnitudes">The absolute values of <paramref name="question"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(ReadOnlySpan<sbyte> question, ReadOnlySpan<byte> magnitudes, ReadOnlySpan<sbyte> row)
    {
        var at = 0;
        var sum = 0;
        ref var q = ref MemoryMarshal.GetReference(question);
        ref var m = ref MemoryMarshal.GetReference(magnitudes);
        ref var r = ref MemoryMarshal.GetReference(row);
        if (Avx2.IsSupported)
        {
            var total = Vector256<int>.Zero;
            for (; at <= row.Length - Vector256<sbyte>.Count; at += Vector256<sbyte>.Count)
            {
                // |q| times the row's byte with the sign of q: one instruction multiplies unsigned by signed bytes and adds pairs.
                var signed = Avx2.Sign(Vector256.LoadUnsafe(ref r, (nuint)at), Vector256.LoadUnsafe(ref q, (nuint)at));
                var pairs = Avx2.MultiplyAddAdjacent(Vector256.LoadUnsafe(ref m, (nuint)at), signed);
                total += Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
            }
            sum = Vector256.Sum(total);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            var total = Vector128<int>.Zero;
            for (; at <= row.Length - Vector128<sbyte>.Count; at += Vector128<sbyte>.Count)
            {
                var (a, b) = (Vector128.LoadUnsafe(ref q, (nuint)at), Vector128.LoadUnsafe(ref r, (nuint)at));
                var pairs = Vector128.WidenLower(a) * Vector128.WidenLower(b) + Vector128.WidenUpper(a) * Vector128.WidenUpper(b);
                total += Vector128.WidenLower(pairs) + Vector128.WidenUpper(pairs);
            }
            sum = Vector128.Sum(total);
        }
        for (; at < row.Length; at++)
            sum += question[at] * row[at];
        return sum;
    }
}
