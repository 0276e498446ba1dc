using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sophia.Knowledge;

// A sketch of a row says for each dimension only on which side of the rows' mean it lies: one bit. Against it stands the question with its sign and three bits of size for each dimension, cut into
// planes, so that a comparison is a few dozen operations on whole words of 64 dimensions. What it gives is the cosine with an error that is like chance, small enough to say which part of the rows
// must be compared properly (Gao and Long, RaBitQ, 2024; without its rotation). A factor beside the bits makes rows of different spread comparable.

/// <summary>A question ready to be compared with the sketches of rows.</summary>
internal sealed class SketchedQuestion
{
    /// <summary>Bits that a component's size is rounded to.</summary>
    private const int Planes = 3, Largest = (1 << Planes) - 1;

    /// <summary>For each word of 64 dimensions: which of them are negative, then the planes.</summary>
    private readonly ulong[] words;
    private readonly int total;

    public SketchedQuestion(ReadOnlySpan<float> question)
    {
        words = new ulong[WordsOf(question.Length) * (1 + Planes)];
        var largest = question.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(question));
        for (var at = 0; at < question.Length && largest > 0; at++)
        {
            var (word, bit) = (at / 64 * (1 + Planes), 1UL << (at % 64));
            var size = (int)MathF.Round(Math.Abs(question[at]) / largest * Largest);
            total += size;
            words[word] |= question[at] < 0 ? bit : 0;
            for (var plane = 0; plane < Planes; plane++)
                words[word + 1 + plane] |= (size >> plane & 1) != 0 ? bit : 0;
        }
    }

    /// <summary>Words of 64 bits of a sketch.</summary>
    public static int WordsOf(int dimensions) => (dimensions + 63) / 64;

    /// <summary>Writes the bits of a row; returns its factor.</summary>
    public static float Write(ReadOnlySpan<sbyte> components, float scale, ReadOnlySpan<float> mean, Span<ulong> bits)
    {
        bits.Clear();
        var (squares, sizes) = (0f, 0f);
        for (var at = 0; at < components.Length; at++)
        {
            var rest = components[at] * scale - mean[at];
            squares += rest * rest;
            sizes += Math.Abs(rest);
            if (rest < 0)
                bits[at / 64] |= 1UL << (at % 64);
        }
        return sizes > 0 ? squares / sizes : 0;
    }

    /// <summary>How near a row is, in a unit of the question's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Near(ref ulong bits, float factor)
    {
        var (one, two, four) = (0, 0, 0);
        ref var word = ref MemoryMarshal.GetArrayDataReference(words);
        for (var at = 0; at < words.Length; at += 1 + Planes, bits = ref Unsafe.Add(ref bits, 1))
        {
            var differ = bits ^ Unsafe.Add(ref word, at);
            one += BitOperations.PopCount(differ & Unsafe.Add(ref word, at + 1));
            two += BitOperations.PopCount(differ & Unsafe.Add(ref word, at + 2));
            four += BitOperations.PopCount(differ & Unsafe.Add(ref word, at + 3));
        }
        return factor * (total - 2 * (one + 2 * two + 4 * four));
    }
}
