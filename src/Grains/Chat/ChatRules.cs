using Sophia.Operations;

namespace Sophia.Chat;

/// <summary>What a conversation has come to: a fold over its events, rebuilt from the log at any time.</summary>
/// <param name="OpenQuestion">The number of the question whose answer is under way, 0 where none is.</param>
/// <param name="Attempts">How often the open answer was begun.</param>
/// <param name="Shown">Characters of the open answer that people have seen.</param>
internal sealed record ChatState(long LastNumber, long OpenQuestion, int Attempts, int Shown, string Title, DateTimeOffset UpdatedAt)
{
    public static readonly ChatState Empty = new(0, 0, 0, 0, "", DateTimeOffset.UnixEpoch);

    public bool Answering => OpenQuestion != 0;
}

internal enum ChatRecovery
{
    /// <summary>No answer was under way.</summary>
    Nothing = 1,

    /// <summary>Nothing was shown, so the answer is made again.</summary>
    AnswerAgain = 2,

    /// <summary>Somebody has read a part of it: a second answer would contradict it in their eyes, so it ends as failed.</summary>
    Fail = 3,
}

/// <summary>Decides what may happen next in a conversation. Each question is followed by exactly one of Done, Failed and Stopped, and by no text after it.</summary>
internal static class ChatRules
{
    public const string Interrupted = "The answer was interrupted by a restart; ask again.";

    /// <summary>Whether an event of a kind may come next.</summary>
    public static bool Allows(ChatState state, ChatEventKind kind) => kind switch
    {
        ChatEventKind.Question => !state.Answering,
        ChatEventKind.Started => state.Answering && state.Shown == 0,
        ChatEventKind.Text => state.Answering && state.Attempts > 0,
        ChatEventKind.Done => state.Answering && state.Attempts > 0,
        ChatEventKind.Failed or ChatEventKind.Stopped => state.Answering,
        ChatEventKind.Feedback => state.LastNumber > 0,
        _ => false,
    };

    public static ChatState After(ChatState state, ChatEvent happened) => happened.Kind switch
    {
        ChatEventKind.Question => Ended(state) with { OpenQuestion = happened.Number, Title = state.Title.Length > 0 ? state.Title : TitleOf(happened.Text) },
        ChatEventKind.Started => state with { Attempts = state.Attempts + 1 },
        ChatEventKind.Text => state with { Shown = state.Shown + happened.Text.Length },
        ChatEventKind.Done or ChatEventKind.Failed or ChatEventKind.Stopped => Ended(state),
        _ => state,
    } with
    { LastNumber = happened.Number, UpdatedAt = happened.At };

    public static ChatRecovery Recover(ChatState state) => state switch
    {
        { Answering: false } => ChatRecovery.Nothing,
        { Shown: > 0 } or { Attempts: >= ChatLimits.Attempts } => ChatRecovery.Fail,
        _ => ChatRecovery.AnswerAgain,
    };

    /// <summary>Why a question is refused, or null where it may be asked.</summary>
    public static RefusedException? RefuseQuestion(ChatState state, AskRequest request) => request switch
    {
        { Text: var text } when string.IsNullOrWhiteSpace(text) => Invalid("The question is empty."),
        { Text.Length: > ChatLimits.QuestionLength } => Invalid($"text: at most {ChatLimits.QuestionLength} characters, these are {request.Text.Length}."),
        { OperationId.Length: 0 or > ChatLimits.OperationIdLength } => Invalid($"The operation id must have 1 to {ChatLimits.OperationIdLength} characters."),
        _ when state.Answering => new(RefusalCode.Busy, $"Question {state.OpenQuestion} of this conversation is still being answered; wait for its end or stop it."),
        _ => RefuseGrowth(state),
    };

    /// <summary>Why an opinion is refused, or null. The question that it is about is looked up by the caller.</summary>
    public static RefusedException? RefuseFeedback(ChatState state, ChatEvent? question, int mark, string? reason)
    {
        if (mark is not (-1 or (>= 1 and <= 5)))
            return Invalid("The mark must be -1 (thumb down), 1 (thumb up) or 1 to 5.");
        if (reason?.Length > ChatLimits.FeedbackReasonLength)
            return Invalid($"reason: at most {ChatLimits.FeedbackReasonLength} characters, these are {reason.Length}.");
        if (question?.Kind != ChatEventKind.Question)
            return new(RefusalCode.NotFound, "There is no question of that number in this conversation.");
        return RefuseGrowth(state);
    }

    /// <summary>Why events after a number cannot be had, or null.</summary>
    public static RefusedException? RefuseReading(ChatState state, long after)
    {
        if (after < 0)
            return Invalid("Events are numbered from 1: read after 0 or more.");
        return after > state.LastNumber ? Invalid($"This conversation has {state.LastNumber:N0} events; none comes after {after:N0}.") : null;
    }

    public static string TitleOf(string question)
    {
        var line = string.Join(' ', question.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length <= ChatLimits.TitleLength)
            return line;
        var end = line.LastIndexOf(' ', ChatLimits.TitleLength - 1);
        return line[..(end > ChatLimits.TitleLength / 2 ? end : ChatLimits.TitleLength - 2)] + "…";
    }

    private static ChatState Ended(ChatState state) => state with { OpenQuestion = 0, Attempts = 0, Shown = 0 };

    private static RefusedException? RefuseGrowth(ChatState state) => state.LastNumber <= ChatLimits.SessionEvents - ChatLimits.EventsPerAnswer
        ? null
        : new(RefusalCode.TooLarge, $"This conversation has reached {ChatLimits.SessionEvents:N0} events; start another one.");

    private static RefusedException Invalid(string message) => new(RefusalCode.Invalid, message);
}
