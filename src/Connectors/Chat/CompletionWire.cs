using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Chat;

internal sealed record CompletionRequest(string Model, IReadOnlyList<CompletionMessage> Messages, bool Stream, int MaxTokens, double Temperature);

internal sealed record CompletionMessage(string? Role, string? Content);

/// <summary>A piece of a streamed answer, or a whole one from an endpoint that does not stream.</summary>
internal sealed record CompletionChunk(IReadOnlyList<CompletionChoice>? Choices, JsonElement? Error)
{
    public string Text => Choices is [{ } choice, ..] ? (choice.Delta ?? choice.Message)?.Content ?? "" : "";

    public bool IsLast => Choices is [{ FinishReason: not null }, ..];
}

internal sealed record CompletionChoice(CompletionMessage? Delta, CompletionMessage? Message, string? FinishReason);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(CompletionChunk))]
internal sealed partial class CompletionJson : JsonSerializerContext;
