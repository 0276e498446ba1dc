namespace Sophia.Knowledge;

/// <summary>Vectors that are compared by their angle are kept 1 long. Pure.</summary>
public static class VectorLength
{
    /// <summary>Makes a vector 1 long; false, and nothing changed, where it is 0 long or not finite.</summary>
    public static bool TryMakeOne(Span<float> vector)
    {
        var square = 0.0;
        foreach (var value in vector)
            square += (double)value * value;
        if (!double.IsFinite(square) || square < 1e-30)
            return false;
        var scale = 1 / Math.Sqrt(square);
        foreach (ref var value in vector)
            value = (float)(value * scale);
        return true;
    }
}
