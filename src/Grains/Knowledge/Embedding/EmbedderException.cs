namespace Sophia.Knowledge;

/// <summary>A model made no vectors, for a reason that can be shown.</summary>
/// <param name="isOfTheTexts">Whether the texts are at fault, so that fewer of them may succeed; otherwise the model or the way to it is.</param>
public sealed class EmbedderException(string message, bool isOfTheTexts, Exception? inner = null) : Exception(message, inner)
{
    public bool IsOfTheTexts => isOfTheTexts;
}
