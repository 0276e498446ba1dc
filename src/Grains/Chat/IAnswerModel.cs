using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>A language model that answers from passages. Connectors implement it over any OpenAI-compatible endpoint; absent, answers are extractive.</summary>
public interface IAnswerModel
{
    /// <summary>The name shown with an answer.</summary>
    string Name { get; }

    /// <summary>Streams the answer as pieces of text in which [n] cites passage n (from 1).</summary>
    /// <exception cref="AnswerModelException">The endpoint failed; the text can be shown to people.</exception>
    IAsyncEnumerable<string> Answer(AnswerPrompt prompt, CancellationToken cancellation);
}

/// <summary>History is the conversation so far, oldest first, already bounded.</summary>
public sealed record AnswerPrompt(string Question, IReadOnlyList<SearchHit> Passages, IReadOnlyList<SpokenLine> History);

public sealed record SpokenLine(bool ByUser, string Text);

public sealed class AnswerModelException(string message, Exception? inner = null) : Exception(message, inner);
