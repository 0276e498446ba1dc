using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Knowledge;
using Sophia.Log;

namespace Sophia.Chat;

/// <summary>How an event lies in the log: JSON, format 1. Number and time are the row's own; what is empty is left out.</summary>
/// <remarks>Readers take every format up to <see cref="Current"/>; one golden file per format keeps it so.</remarks>
internal static class ChatEventFormat
{
    public const int Current = 1;

    /// <param name="asked">With a question: how it was asked.</param>
    public static byte[] Write(ChatEvent happened, AskRequest? asked = null) => JsonSerializer.SerializeToUtf8Bytes(
        new ChatRow(
            Current,
            happened.Kind,
            happened.Kind == ChatEventKind.Question ? 0 : happened.Question,
            happened.Text,
            happened.Sources is { Count: > 0 } sources ? sources : null,
            happened.Uncited,
            asked?.Filter,
            asked?.OperationId,
            happened.Degraded,
            happened.Stale,
            happened.Unanswered,
            happened.Near),
        ChatJson.Default.ChatRow);

    /// <exception cref="StorageException">NewerFormat or Corrupt: the row cannot be understood.</exception>
    public static ChatEvent Read(LogEntry row)
    {
        var stored = Parse(row);
        return new ChatEvent(row.Version, stored.Kind, stored.Question == 0 ? row.Version : stored.Question, stored.Text, stored.Sources ?? [], row.At, stored.Uncited) { Degraded = stored.Degraded, Stale = stored.Stale, Unanswered = stored.Unanswered, Near = stored.Near };
    }

    /// <summary>How a question was asked.</summary>
    public static AskRequest Asked(LogEntry row) => Ask(Parse(row));

    private static AskRequest Ask(ChatRow stored) => new(stored.Text, stored.Filter, stored.Operation);

    private static ChatRow Parse(LogEntry row)
    {
        ChatRow? stored;
        try
        {
            stored = JsonSerializer.Deserialize(row.Payload.Span, ChatJson.Default.ChatRow);
        }
        catch (JsonException e)
        {
            throw new StorageException(StorageFault.Corrupt, $"The chat event at position {row.Position} cannot be read.", e);
        }
        return stored switch
        {
            null => throw new StorageException(StorageFault.Corrupt, $"The chat event at position {row.Position} is empty."),
            { Format: > Current } => throw new StorageException(StorageFault.NewerFormat, $"The chat event at position {row.Position} has format {stored.Format}; this program reads up to {Current}."),
            _ => stored,
        };
    }
}

/// <summary>One event as stored. Question is 0 in the question's own row: there it is the row's number. Filter and Operation are the question's only, the last four the end's.</summary>
internal sealed record ChatRow(
    int Format,
    ChatEventKind Kind,
    long Question,
    string Text,
    IReadOnlyList<ChatSource>? Sources,
    IReadOnlyList<TextSpan>? Uncited,
    SearchFilter? Filter,
    string? Operation,
    string? Degraded = null,
    string? Stale = null,
    NoAnswer? Unanswered = null,
    IReadOnlyList<ChatSource>? Near = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ChatRow))]
internal sealed partial class ChatJson : JsonSerializerContext;
