using System.Buffers.Binary;
using System.Numerics.Tensors;

namespace Sophia.Knowledge;

/// <summary>How a vector is kept (format 1, docs/adr/0014): a scale as a little-endian float32, then a signed byte for each dimension, from -127 to 127; a component is its byte times the scale.</summary>
internal static class VectorCode
{
    public const int Format = 1;

    private const int ScaleBytes = sizeof(float);

    /// <summary>Bytes of a vector of so many dimensions.</summary>
    public static int Size(int dimensions) => ScaleBytes + dimensions;

    public static byte[] Encode(ReadOnlySpan<float> vector)
    {
        if (vector.IsEmpty)
            return [];
        var code = new byte[Size(vector.Length)];
        var scale = Quantise(vector, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, sbyte>(code.AsSpan(ScaleBytes)));
        BinaryPrimitives.WriteSingleLittleEndian(code, scale);
        return code;
    }

    public static float Scale(ReadOnlySpan<byte> code) => BinaryPrimitives.ReadSingleLittleEndian(code);

    public static ReadOnlySpan<sbyte> Components(ReadOnlySpan<byte> code) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, sbyte>(code[ScaleBytes..]);

    /// <summary>Rounds each component to the nearest of 255 steps; returns the scale.</summary>
    public static float Quantise(ReadOnlySpan<float> vector, Span<sbyte> components)
    {
        var largest = Math.Abs(TensorPrimitives.MaxMagnitude(vector));
        if (largest <= 0)
        {
            components.Clear();
            return 0;
        }
        var scale = largest / sbyte.MaxValue;
        for (var i = 0; i < vector.Length; i++)
            components[i] = (sbyte)Math.Clamp(MathF.Round(vector[i] / scale), -sbyte.MaxValue, sbyte.MaxValue);
        return scale;
    }
}
