using Sophia.Knowledge;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>Makes the answer to one question, step by step.</summary>
internal interface IAnswerer
{
    /// <exception cref="AnswerFailedException">There is no answer, or no more of it; the text can be shown to people.</exception>
    IAsyncEnumerable<AnswerStep> Answer(AnswerTask task, CancellationToken cancellation);
}

/// <summary>History is the conversation before the question, oldest first, already bounded.</summary>
internal sealed record AnswerTask(TenantId Tenant, string Question, SearchFilter? Filter, IReadOnlyList<SpokenLine> History)
{
    /// <summary>Its place, where one was asked for before the question was stored.</summary>
    public AnswerTurn? Turn { get; init; }
}

/// <summary>What an answerer does next.</summary>
internal abstract record AnswerStep
{
    private AnswerStep() { }

    /// <summary>Says who answers; a second one before any text means that the first could not.</summary>
    public sealed record Began(string By) : AnswerStep;

    /// <summary>Says why passages were found by words alone.</summary>
    public sealed record Degraded(string Why) : AnswerStep;

    /// <summary>Says that passages are those of an earlier search, and why.</summary>
    public sealed record Remembered(string Why) : AnswerStep;

    public sealed record Said(string Text, IReadOnlyList<ChatSource> Sources) : AnswerStep;

    /// <summary>Says that what was said is no answer, why, and what stands near the question.</summary>
    public sealed record Unanswered(NoAnswer Why, IReadOnlyList<ChatSource> Near) : AnswerStep;

    /// <summary>Flags the spans of the whole answer that name no source.</summary>
    public sealed record Flagged(IReadOnlyList<TextSpan> Uncited) : AnswerStep;
}

internal sealed class AnswerFailedException(string message, Exception? inner = null) : Exception(message, inner);
