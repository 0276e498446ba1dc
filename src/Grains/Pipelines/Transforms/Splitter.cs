using System.Buffers;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Makes one source record for each item of an array: the same record with that item alone in the list, so that each can be transformed again by itself.</summary>
internal sealed class Splitter(TransformDefinition definition)
{
    /// <summary>The most items of one record.</summary>
    public const int MaxItems = 1_000;

    /// <summary>How many times its own size a record may become by being split.</summary>
    public const int MaxGrowth = 64;

    private readonly TransformField field = definition.Fields[0];

    public string Name => definition.Fields[0].Name;

    /// <summary>The pieces of a record: each with the part of the key that names it. Null where the record cannot be split, and the notes say why.</summary>
    /// <param name="known">The number that a piece had when it was split before; 0: it was not.</param>
    public IReadOnlyList<SplitPiece>? Split(TransformRow row, ReadOnlyMemory<byte> payload, int known, TransformNotes notes)
    {
        var index = row.Find(field.Name);
        var json = index < 0 ? default : row.JsonAt(index);
        if (index < 0 || TransformJson.TokenOf(json.Span) == JsonTokenType.Null)
            return [];
        if (TransformJson.TokenOf(json.Span) != JsonTokenType.StartArray)
            return Wrong(notes, TransformJson.Shown(json.Span), "a list, of which each item becomes a record");
        var items = Items(json);
        if (items.Count > MaxItems)
            return Wrong(notes, $"{items.Count} items", $"at most {MaxItems} items");
        if ((long)(payload.Length - json.Length) * items.Count > (long)payload.Length * MaxGrowth)
            return Wrong(notes, $"{items.Count} items", $"records of together at most {MaxGrowth} times the size of the one that is split");
        var pieces = new List<SplitPiece>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var number = known > 0 ? known : i + 1;
            if (PartOf(items[i], number) is not { Length: > 0 } part)
            {
                row.Set(index, json);
                return Wrong(notes, TransformJson.Shown(items[i].Span), $"an object whose field \"{field.Value}\" has a value: it becomes part of the key");
            }
            row.Set(index, (byte[])[(byte)'[', .. items[i].Span, (byte)']']);
            pieces.Add(new SplitPiece(row.Write(), items[i], number, part));
        }
        return pieces;
    }

    /// <summary>Puts a piece's item into the place of the list, and its number where the definition asks for it.</summary>
    public void Take(TransformRow row, SplitPiece piece)
    {
        row.Put(field.Name, piece.Item);
        if (field.Argument.Length > 0)
            row.Put(field.Argument, TransformJson.Number(piece.Number));
    }

    private string? PartOf(ReadOnlyMemory<byte> item, int number)
    {
        if (field.Value.Length == 0)
            return number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return TransformJson.TokenOf(item.Span) == JsonTokenType.StartObject ? new KeyFields([field.Value]).Of(item.Span, out _) : null;
    }

    private IReadOnlyList<SplitPiece>? Wrong(TransformNotes notes, string found, string expected)
    {
        notes.Wrong(field.Name, $"split:{field.Name}", found, expected, null);
        return null;
    }

    private static List<ReadOnlyMemory<byte>> Items(ReadOnlyMemory<byte> json)
    {
        var items = new List<ReadOnlyMemory<byte>>();
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            items.Add(json[start..(int)reader.BytesConsumed]);
        }
        return items;
    }
}

/// <summary>A record with one item alone in its list.</summary>
internal readonly record struct SplitPiece(ReadOnlyMemory<byte> Source, ReadOnlyMemory<byte> Item, int Number, string KeyPart);
