using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>One conversation. The key is "tenant/session". Everything said is in the log before anybody sees it, numbered from 1 without gaps.</summary>
[Alias("Sophia.IChatSessionGrain")]
public interface IChatSessionGrain : IGrainWithStringKey
{
    /// <summary>Stores the question and starts the answer; returns the number of the question's event. The same operation id asks once.</summary>
    /// <exception cref="Operations.RefusedException">Invalid question; Busy while an answer is under way.</exception>
    [Alias("Ask"), Resilience.EndsAtDeadline, Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<AskReceipt> Ask(AskRequest request);

    /// <summary>Events after a number: those stored already, then live ones, until the answer under way is done (or at once where none is, unless <paramref name="follow"/>).</summary>
    [Alias("Events")]
    IAsyncEnumerable<ChatEvent> Events(long after, bool follow, CancellationToken cancellation);

    /// <summary>Events after a number that are stored now, at most <paramref name="limit"/> (1 to 1,000).</summary>
    [Alias("EventsNow"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<ChatEvent>> EventsNow(long after, int limit);

    /// <summary>The conversation as it is now; where nobody asked anything yet its last number is 0.</summary>
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<ChatView> View();

    /// <summary>Stops the answer under way; what was said so far stays. Whether one was under way; it has ended when this returns.</summary>
    [Alias("Stop")]
    Task<bool> Stop();

    /// <summary>Ends the answer under way and removes everything that was said; how many events. Asked of by <see cref="IChatDirectoryGrain.Delete"/>, which sees to all else. May be done twice.</summary>
    [Alias("Erase")]
    Task<long> Erase();

    /// <summary>Keeps what a person thinks of an answer: a thumb (-1 or 1) or a mark of 1 to 5, and a reason.</summary>
    [Alias("Feedback")]
    Task Feedback(long questionNumber, int mark, string? reason);
}

/// <summary>Which conversations a tenant has, newest first. The key is the tenant.</summary>
[Alias("Sophia.IChatDirectoryGrain")]
public interface IChatDirectoryGrain : IGrainWithStringKey
{
    /// <summary>At most <paramref name="limit"/> conversations (1 to 1,000).</summary>
    [Alias("List"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<IReadOnlyList<ChatView>> List(int limit);

    /// <summary>Deletes a conversation for good. When it returns nobody reads it any more; what processes and files remember of it goes soon after, whatever dies in between. Its name may be used anew.</summary>
    /// <returns>False: nobody has asked anything in it.</returns>
    [Alias("Delete")]
    Task<bool> Delete(string session, string by);

    /// <summary>Whether something deleted is still being removed from files and copies.</summary>
    [Alias("Deleting"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<bool> Deleting();

    /// <summary>Puts a conversation where its time belongs; an older view than the one known changes nothing.</summary>
    [Alias("Touch"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Touch(ChatView view);
}

[GenerateSerializer, Immutable, Alias("Sophia.AskRequest")]
public sealed record AskRequest([property: Id(0)] string Text, [property: Id(1)] SearchFilter? Filter = null, [property: Id(2)] string? OperationId = null)
{
    /// <summary>In UTF-16 units.</summary>
    public const int MaxTextLength = 4_000;
}

[GenerateSerializer, Immutable, Alias("Sophia.AskReceipt")]
public sealed record AskReceipt([property: Id(0)] string Session, [property: Id(1)] long QuestionNumber);

[GenerateSerializer, Immutable, Alias("Sophia.ChatView")]
public sealed record ChatView([property: Id(0)] string Session, [property: Id(1)] string Title, [property: Id(2)] long LastNumber, [property: Id(3)] DateTimeOffset UpdatedAt, [property: Id(4)] bool Answering);

public enum ChatEventKind
{
    /// <summary>Text is the question.</summary>
    Question = 1,

    /// <summary>The answer begins; Text names who answers ("extractive", or the model).</summary>
    Started = 2,

    /// <summary>Text is the next piece of the answer; Sources are the citations of a sentence that ends in it.</summary>
    Text = 3,

    /// <summary>The answer is complete; Text is all of it.</summary>
    Done = 4,

    /// <summary>No answer could be given or finished; Text says why.</summary>
    Failed = 5,

    /// <summary>Somebody stopped the answer.</summary>
    Stopped = 6,

    Feedback = 7,
}

/// <summary>Why a question has no answer.</summary>
public enum NoAnswer
{
    /// <summary>The records say nothing that answers it.</summary>
    NotFound = 1,

    /// <summary>It asks for a count, a sum, an average or an extreme over the records of a table. Answers quote passages; nothing is computed.</summary>
    NotComputed = 2,
}

/// <summary>One numbered event of a conversation. Question is the number of the question that it belongs to.</summary>
/// <param name="Uncited">Only with Done: the spans of Text that name no source, or null where every sentence does.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ChatEvent")]
public sealed record ChatEvent(
    [property: Id(0)] long Number,
    [property: Id(1)] ChatEventKind Kind,
    [property: Id(2)] long Question,
    [property: Id(3)] string Text,
    [property: Id(4)] IReadOnlyList<ChatSource> Sources,
    [property: Id(5)] DateTimeOffset At,
    [property: Id(6)] IReadOnlyList<TextSpan>? Uncited = null)
{
    /// <summary>Only with Done: why its passages were found by words alone, as <see cref="SearchAnswer.Degraded"/> says it; else null.</summary>
    [Id(7)]
    public string? Degraded { get; init; }

    /// <summary>Only with Done: that its passages are those of an earlier search, and why, as <see cref="StaleAnswer.Said"/> has it; else null.</summary>
    [Id(8)]
    public string? Stale { get; init; }

    /// <summary>Only with Done of an answer that no model wrote: why it is none; null where it is one.</summary>
    [Id(9)]
    public NoAnswer? Unanswered { get; init; }

    /// <summary>Only with <see cref="Unanswered"/>: what stands nearest to the question without answering it, best first (where it would have to be computed, some of the records that it would be computed over); null where nothing is near. Their marks count from 1 and stand in no text.</summary>
    [Id(10)]
    public IReadOnlyList<ChatSource>? Near { get; init; }
}

/// <summary>Where a sentence of an answer comes from: the number shown in the text ([1]), the words, and their place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ChatSource")]
public sealed record ChatSource([property: Id(0)] int Mark, [property: Id(1)] string Title, [property: Id(2)] string Quote, [property: Id(3)] Citation Citation);
