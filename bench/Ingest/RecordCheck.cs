using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Sophia.Bench;

/// <summary>Reads one record and checks it as a CRM pipeline would: required fields, types, an address, a range, a time.</summary>
internal static class RecordCheck
{
    /// <summary>The record's key, or null where it is not valid.</summary>
    public static string? Key(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        string? key = null;
        var (email, amount, time) = (false, false, false);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            if (reader.ValueTextEquals("id"u8))
                key = reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            else if (reader.ValueTextEquals("email"u8))
                email = reader.Read() && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Contains((byte)'@');
            else if (reader.ValueTextEquals("amount"u8))
                amount = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetDecimal(out var value) && value is >= 0 and < 1_000_000;
            else if (reader.ValueTextEquals("updated_at"u8))
                time = reader.Read() && reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out _);
            else
                reader.Skip();
        }
        return email && amount && time ? key : null;
    }

    /// <summary>Parses and does nothing else; the count of tokens keeps the work from being left out.</summary>
    public static int Tokens(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var tokens = 0;
        while (reader.Read())
            tokens++;
        return tokens;
    }

    /// <summary>The key alone, by position, for the baseline, which is given its rows ready made.</summary>
    public static ReadOnlyMemory<byte> KeyBytes(ReadOnlyMemory<byte> json)
    {
        var start = """{"id":""".Length + 1;
        return json.Slice(start, json.Span[start..].IndexOf((byte)'"'));
    }
}
