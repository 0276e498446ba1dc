using System.Text.Json;
using Sophia.Log;

namespace Sophia.Knowledge;

/// <summary>Turns a stored record version into what the index keeps of it: by its kind conversations, documents, or entities.</summary>
internal static class RecordChunker
{
    /// <summary>Raised whenever the same record would give other chunks, or other words of them: every index under an older number is built anew.</summary>
    public const int Version = 4;

    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 512 };

    /// <summary>The record to index; a tombstone has no chunks.</summary>
    /// <exception cref="JsonException">The payload is no JSON object, or nested over 512 levels.</exception>
    /// <exception cref="InvalidOperationException">A string of it is no text (a lone half of a surrogate pair).</exception>
    public static IndexedRecord Index(LogEntry entry, ChunkingOptions options, WordCounter counter)
    {
        if (entry.Operation == RecordOperation.Delete)
            return Withdrawn(entry);
        using var document = JsonDocument.Parse(entry.Payload, Json);
        var record = document.RootElement;
        if (record.ValueKind != JsonValueKind.Object)
            throw new JsonException("The record is not a JSON object.");
        var (title, titleField) = RecordFacts.Title(record, entry.Key);
        return new IndexedRecord(
            entry.Stream, entry.Key, entry.Version, entry.Position, RecordFacts.Time(record) ?? entry.At, title, RecordFacts.Fields(record),
            Chunks(record, title, titleField, options).ConvertAll(chunk => chunk with { Words = ChunkWords.Write(counter.Count(chunk, title)) }));
    }

    /// <summary>A record version that is not to be found: it takes the place of what was indexed before.</summary>
    public static IndexedRecord Withdrawn(LogEntry entry) =>
        new(entry.Stream, entry.Key, entry.Version, entry.Position, entry.At, entry.Key, new Dictionary<string, string>(), []);

    private static List<Chunk> Chunks(JsonElement record, string title, string? titleField, ChunkingOptions options)
    {
        if (IsKind(record, "transcript") && record.TryGetProperty("turns", out var turns) && turns.ValueKind == JsonValueKind.Array)
            return TranscriptChunker.Chunks(turns, options);
        if (IsKind(record, "document") && record.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String)
            return DocumentChunker.Chunks(Bounded(text.GetString()!, options), IsFormat(record, "markdown"), title, options);
        if (IsKind(record, "code") && record.TryGetProperty("text", out var code) && code.ValueKind == JsonValueKind.String)
            return CodeChunker.Chunks(Bounded(code.GetString()!, options), TextOf(record, "language"), TextOf(record, "path") ?? title, options);
        return EntityChunker.Chunks(record, titleField, options);
    }

    private static string? TextOf(JsonElement record, string name) => record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    internal static string Bounded(string value, ChunkingOptions options) =>
        value.Length <= options.MaxFieldLength ? value : value[..options.MaxFieldLength];

    private static bool IsKind(JsonElement record, string kind) => record.TryGetProperty("kind", out var value) && value.ValueKind == JsonValueKind.String && value.ValueEquals(kind);

    private static bool IsFormat(JsonElement record, string format) => record.TryGetProperty("format", out var value) && value.ValueKind == JsonValueKind.String && value.ValueEquals(format);
}
