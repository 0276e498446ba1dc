using System.Text.Json;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>A stream as a connector is told to read it, and as its records are stored.</summary>
internal sealed class AirbyteStream
{
    /// <summary>A field that is not null where a source says that the record was deleted.</summary>
    private const string DeletedAt = "_ab_cdc_deleted_at";

    private readonly IReadOnlyList<IReadOnlyList<string>> key;
    private readonly JsonShape shape;
    private readonly bool isFlat;

    public AirbyteStream(string pipeline, string? space, string name, bool incremental, IReadOnlyList<IReadOnlyList<string>> key, IReadOnlyList<string> cursor, JsonElement declared)
    {
        (Namespace, Name, IsIncremental, this.key, Cursor, Declared) = (space, name, incremental, key, cursor, declared);
        Stored = OwnStreams.Beside(space is null ? $"{pipeline}/{name}" : $"{pipeline}/{space}/{name}");
        isFlat = key.All(path => path.Count == 1);
        shape = new JsonShape([DeletedAt, .. isFlat ? key.Select(path => path[0]) : []]);
        Types = declared.TryGetProperty("json_schema", out var schema) ? SchemaTypes.Of(schema) : null;
    }

    public string? Namespace { get; }

    public string Name { get; }

    public bool IsIncremental { get; }

    public IReadOnlyList<IReadOnlyList<string>> Key => key;

    public IReadOnlyList<string> Cursor { get; }

    /// <summary>The stream as the connector's catalog has it.</summary>
    public JsonElement Declared { get; }

    /// <summary>The stream that its records go to.</summary>
    public string Stored { get; }

    public SchemaTypes? Types { get; }

    /// <summary>Records of this reading.</summary>
    public long Count { get; set; }

    /// <summary>Records since the last state that covers the stream.</summary>
    public long SinceState { get; set; }

    public int Generation { get; set; }

    /// <summary>The last status that the connector gave it, or null.</summary>
    public string? Status { get; set; }

    /// <summary>A piece that may have been a record of it could not be read.</summary>
    public bool IsUnclear { get; set; }

    public static string KeyOf(string? space, string name) => $"{space}\n{name}";

    /// <summary>Whether the bytes are one object; then its key (null where a key field has no value) and whether it was deleted.</summary>
    public ShapeFault? Check(ReadOnlyMemory<byte> data, out string? recordKey, out bool deleted)
    {
        (recordKey, deleted) = (null, false);
        if (shape.Check(data.Span) is { } fault)
            return fault;
        var values = shape.KeyValues.Span;
        deleted = values[0] is not null;
        if (key.Count == 0)
            recordKey = ContentKey.Of(data.Span);
        else if (isFlat)
            recordKey = RecordKeys.Of(values[1..]);
        else
            recordKey = RecordKeys.Of(Nested(data));
        return null;
    }

    public string KeyShown => string.Join(", ", key.Select(path => string.Join('.', path)));

    private string?[] Nested(ReadOnlyMemory<byte> data)
    {
        using var document = JsonDocument.Parse(data);
        var values = new string?[key.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var at = document.RootElement;
            var found = key[i].All(step => at.ValueKind == JsonValueKind.Object && at.TryGetProperty(step, out at));
            values[i] = !found ? null : at.ValueKind switch { JsonValueKind.String => at.GetString(), JsonValueKind.Number => at.GetRawText(), _ => null };
        }
        return values;
    }
}
