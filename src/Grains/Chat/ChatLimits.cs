namespace Sophia.Chat;

/// <summary>The bounds of a conversation. Lengths are in UTF-16 units.</summary>
internal static class ChatLimits
{
    public const int QuestionLength = AskRequest.MaxTextLength;

    public const int AnswerLength = 16 * 1024;

    /// <summary>Events in one conversation; then a new one is started.</summary>
    public const long SessionEvents = 100_000;

    /// <summary>Events kept free for the answer under way: 120 s of groups of 50 ms, and its beginning and end.</summary>
    public const long EventsPerAnswer = 2_500;

    /// <summary>A group of text is appended when it is this long, or this old.</summary>
    public const int GroupLength = 1024;

    public static readonly TimeSpan GroupAge = TimeSpan.FromMilliseconds(50);

    /// <summary>From the question to the last word of its answer.</summary>
    public static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(120);

    /// <summary>How often an answer is begun before a restart ends it for good.</summary>
    public const int Attempts = 2;

    public const int FeedbackReasonLength = 2_000;

    public const int OperationIdLength = 200;

    public const int TitleLength = 80;

    /// <summary>Conversations that a tenant's directory remembers.</summary>
    public const int Directory = 1_000;

    /// <summary>Conversations that are written beside the directory's list before the whole list is: about the root of their number, so that both cost the same.</summary>
    public const int Touches = 32;

    /// <summary>Conversations that are asked, while they are listed, how they really are.</summary>
    public const int HealedAtOnce = 20;

    /// <summary>How long a list waits for them; who answers later is right in the next one.</summary>
    public static readonly TimeSpan HealWithin = TimeSpan.FromSeconds(1);

    /// <summary>Chunks that an answer is made from.</summary>
    public const int Hits = 20;

    /// <summary>Passages that a model is shown.</summary>
    public const int ModelPassages = 8;

    /// <summary>Lines of the conversation, and characters of each, that a model is shown.</summary>
    public const int HistoryLines = 6;

    public const int HistoryLineLength = 1_000;

    /// <summary>Newest events held in memory for those who follow.</summary>
    public const int Tail = 512;

    /// <summary>Events read from the log at once.</summary>
    public const int Page = 256;
}
