using System.Buffers;
using System.Text;
using System.Text.Json;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>A record's fields while it is transformed: names, and values as slices of the UTF-8 that they came in. Used again for the next record.</summary>
/// <remarks>No tree is built: what no step touches is copied from the source's bytes into the result's. Names are kept from record to record, since those of a stream repeat.</remarks>
internal sealed class TransformRow
{
    /// <summary>Names kept from record to record; a stream that has more makes them anew each time.</summary>
    private const int MostNames = 4_096;

    private readonly List<FieldName> names = [];
    private readonly Dictionary<string, FieldName> byName = new(StringComparer.Ordinal);
    private readonly List<(FieldName Name, ReadOnlyMemory<byte> Json)> fields = [];
    private readonly ArrayBufferWriter<byte> written = new(1_024);
    private int stamp;

    public int Count => fields.Count;

    public string NameAt(int index) => fields[index].Name.Text;

    public ReadOnlyMemory<byte> JsonAt(int index) => fields[index].Json;

    /// <summary>Takes the fields of a JSON object. The last of two equal names counts.</summary>
    /// <exception cref="JsonException">It is no object.</exception>
    public void Read(ReadOnlyMemory<byte> payload)
    {
        Clear();
        var reader = new Utf8JsonReader(payload.Span);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("The payload is not a JSON object.");
        var expected = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = NameOf(ref reader, ref expected);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            Put(name, payload[start..(int)reader.BytesConsumed]);
        }
        if (reader.Read())
            throw new JsonException("Something follows the JSON object.");
    }

    public void Clear()
    {
        fields.Clear();
        stamp++;
    }

    public int Find(string name) => byName.TryGetValue(name, out var known) && known.Stamp == stamp ? known.Index : -1;

    /// <summary>Replaces a field where it stands, or adds it at the end.</summary>
    public void Put(string name, ReadOnlyMemory<byte> json) => Put(NameOf(name), json);

    public void Set(int index, ReadOnlyMemory<byte> json) => fields[index] = (fields[index].Name, json);

    /// <summary>Puts other fields into the place of all; the list is copied.</summary>
    public void Replace(IReadOnlyList<(string Name, ReadOnlyMemory<byte> Json)> others)
    {
        Clear();
        for (var i = 0; i < others.Count; i++)
            Put(others[i].Name, others[i].Json);
    }

    /// <summary>The fields as a JSON object of their own.</summary>
    public byte[] Write()
    {
        written.ResetWrittenCount();
        written.Write("{"u8);
        for (var i = 0; i < fields.Count; i++)
        {
            if (i > 0)
                written.Write(","u8);
            written.Write(fields[i].Name.Json);
            written.Write(fields[i].Json.Span);
        }
        written.Write("}"u8);
        return written.WrittenSpan.ToArray();
    }

    /// <summary>A field's value for an expression: by its name, else by the path that its dots make into objects.</summary>
    public ExpressionValue ValueOf(string field)
    {
        var index = Find(field);
        if (index >= 0)
            return ValueOf(fields[index].Json.Span);
        var dot = field.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && (index = Find(field[..dot])) >= 0 ? Within(fields[index].Json.Span, field.AsSpan(dot + 1)) : default;
    }

    public static ExpressionValue ValueOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString() is { Length: > 0 } text ? new ExpressionValue(ValueKind.Text, Text: text) : default,
            JsonTokenType.Number => ExpressionValue.Of(new Cell(JsonTokenType.Number, json)),
            JsonTokenType.True or JsonTokenType.False => ExpressionValue.Of(reader.TokenType == JsonTokenType.True),
            JsonTokenType.Null => default,
            _ => new ExpressionValue(ValueKind.Text, Text: Encoding.UTF8.GetString(json)),
        };
    }

    private static ExpressionValue Within(ReadOnlySpan<byte> json, ReadOnlySpan<char> path)
    {
        var dot = path.IndexOf('.');
        var name = dot < 0 ? path : path[..dot];
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found)
                return dot < 0 ? ValueOf(json[start..(int)reader.BytesConsumed]) : Within(json[start..(int)reader.BytesConsumed], path[(dot + 1)..]);
        }
        return default;
    }

    private void Put(FieldName name, ReadOnlyMemory<byte> json)
    {
        if (name.Stamp == stamp)
        {
            fields[name.Index] = (name, json);
            return;
        }
        (name.Stamp, name.Index) = (stamp, fields.Count);
        fields.Add((name, json));
    }

    // Fields of a stream mostly come in one order, so the next name is mostly the one that followed last time.
    private FieldName NameOf(ref Utf8JsonReader reader, ref int expected)
    {
        if (!reader.ValueIsEscaped && expected < names.Count && reader.ValueSpan.SequenceEqual(names[expected].Utf8))
            return names[expected++];
        var name = NameOf(reader.GetString()!);
        expected = name.Place + 1;
        return name;
    }

    private FieldName NameOf(string text)
    {
        if (byName.TryGetValue(text, out var known))
            return known;
        if (names.Count == MostNames && fields.Count == 0)
        {
            names.Clear();
            byName.Clear();
        }
        known = new FieldName(text, names.Count);
        names.Add(known);
        byName.Add(text, known);
        return known;
    }

    private sealed class FieldName(string text, int place)
    {
        public string Text { get; } = text;

        public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(text);

        /// <summary>The name in quotes with the colon behind it.</summary>
        public byte[] Json { get; } = [(byte)'"', .. JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"', (byte)':'];

        public int Place { get; } = place;

        public int Stamp { get; set; }

        public int Index { get; set; }
    }
}
