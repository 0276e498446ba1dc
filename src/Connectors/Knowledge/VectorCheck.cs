namespace Sophia.Knowledge;

/// <summary>Makes of an endpoint's answer vectors that can be kept: one for each text, all of one length, finite, 1 long.</summary>
internal static class VectorCheck
{
    /// <exception cref="EmbedderException">The answer is not that.</exception>
    public static float[][] Vectors(EmbeddingAnswer? answer, int texts)
    {
        if (answer?.Data is not { } items)
            throw Wrong("it sent something that is no answer");
        if (items.Count != texts)
            throw Wrong($"it sent {items.Count} vectors for {texts} texts");
        var vectors = new float[texts][];
        foreach (var (place, item) in items.Index())
        {
            if (item is null)
                throw Wrong("it sent something that is no answer");
            var index = item.Index ?? place;
            if (index < 0 || index >= texts || vectors[index] is not null)
                throw Wrong($"it sent a vector for text {index}, which it was not asked for or had sent already");
            vectors[index] = item.Vector();
        }
        var length = vectors[0].Length;
        foreach (var vector in vectors)
        {
            if (vector.Length != length || length is < 2 or > EmbeddingModelOptions.MostDimensions)
                throw Wrong($"it sent vectors of {length} and {vector.Length} numbers");
            if (!VectorLength.TryMakeOne(vector))
                throw Wrong("it sent a vector that is zero or not finite");
        }
        return vectors;
    }

    private static EmbedderException Wrong(string why) => new(why, isOfTheTexts: false);
}
