using System.Text.Json;
using System.Text.Unicode;

namespace Sophia.Pipelines;

/// <summary>What any delivery's body must be: one JSON object, in UTF-8, of a bounded size and depth.</summary>
internal static class WebhookBody
{
    /// <summary>The largest body, in bytes: 25 MB, as GitHub's own limit is.</summary>
    public const int MaxBytes = 25 * 1024 * 1024;

    private const int MaxDepth = 64;

    /// <summary>Whether a name or text of a well-formed body is half a character ("\ud800"): JSON allows it, but no text can hold it.</summary>
    public static bool HasHalfCharacter(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
            if (reader is { ValueIsEscaped: true, TokenType: JsonTokenType.String or JsonTokenType.PropertyName } && HalfCharacter.Stands(reader.ValueSpan))
                return true;
        return false;
    }

    /// <summary>Why the body cannot be taken, or null.</summary>
    public static string? Objection(WebhookDelivery delivery)
    {
        var body = delivery.Body.Span;
        if (body.Length > MaxBytes)
            return $"The body has {body.Length} bytes; at most {MaxBytes} are taken.";
        if (delivery.Headers.TryGetValue("content-type", out var type) && !type.Contains("json", StringComparison.OrdinalIgnoreCase))
            return $"The body is {type}; set the sender's content type to application/json.";
        if (!Utf8.IsValid(body))
            return "The body is not UTF-8.";
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return "The body is not a JSON object.";
            while (reader.Read())
            {
            }
            return null;
        }
        catch (JsonException wrong)
        {
            return $"The body is not JSON: {wrong.Message}";
        }
    }
}
