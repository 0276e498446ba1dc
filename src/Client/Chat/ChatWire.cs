using System.Text.Json.Serialization;
using Sophia.Pipelines;

namespace Sophia.Chat;

/// <summary>A conversation to begin; without a name it gets one.</summary>
public sealed record NewConversation(string? Session = null);

public sealed record NewQuestion(string? Text, Knowledge.SearchFilter? Filter = null, string? OperationId = null);

public sealed record NewOpinion(long Question, int Mark, string? Reason = null);

public sealed record ConversationName(string Session);

public sealed record StopAnswer(bool Stopped);

/// <summary>Events after a number. Last is the newest number of the conversation: where it is greater than that of the last event here, ask again.</summary>
public sealed record ChatPage(IReadOnlyList<ChatEvent> Events, long Last, bool Answering);

/// <summary>A question to answer in one call; Session lets it belong to a conversation.</summary>
public sealed record OneQuestion(string? Text, Knowledge.SearchFilter? Filter = null, string? Session = null, string? OperationId = null);

/// <summary>The whole answer. By is "extractive" or the model's name; Found is false where the records hold no answer; Degraded says why its passages were found by words alone, Stale that they are those of an earlier search. Unanswered says why there is none where no model was asked, Near what stands nearest without answering, its marks in no text.</summary>
public sealed record OneAnswer(string Session, long Question, string By, bool Found, string Answer, IReadOnlyList<AnswerSentence> Sentences, IReadOnlyList<ChatSource> Sources, string? Degraded = null, string? Stale = null, NoAnswer? Unanswered = null, IReadOnlyList<ChatSource>? Near = null);

/// <summary>A sentence without its marks, and the marks of the sources that it rests on; none means that it names no source.</summary>
public sealed record AnswerSentence(string Text, IReadOnlyList<int> Marks);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(EnumWords)])]
[JsonSerializable(typeof(NewConversation))]
[JsonSerializable(typeof(NewQuestion))]
[JsonSerializable(typeof(NewOpinion))]
[JsonSerializable(typeof(ConversationName))]
[JsonSerializable(typeof(StopAnswer))]
[JsonSerializable(typeof(ChatPage))]
[JsonSerializable(typeof(OneQuestion))]
[JsonSerializable(typeof(OneAnswer))]
[JsonSerializable(typeof(AskReceipt))]
[JsonSerializable(typeof(ChatView))]
[JsonSerializable(typeof(IReadOnlyList<ChatView>))]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(DegradationNews))]
[JsonSerializable(typeof(BreakerNews))]
internal sealed partial class ChatWire : JsonSerializerContext
{
    /// <summary>For what is written outside an endpoint.</summary>
    internal static ChatWire Readable => field ??= new(new System.Text.Json.JsonSerializerOptions(Default.Options!) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
