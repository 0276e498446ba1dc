using System.Globalization;
using System.Text;
using System.Text.Json;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>The types that a connector's JSON schema declares, as a check of a record's bytes.</summary>
/// <remarks>Types alone: "type" with "properties" and "items" below it. Where a schema says oneOf, anyOf, allOf or $ref, anything is taken.</remarks>
internal sealed class SchemaTypes
{
    /// <summary>The most faults told of one record.</summary>
    public const int MaxFaults = 10;

    private readonly Node root;

    private SchemaTypes(Node root) => this.root = root;

    [Flags]
    private enum Types : byte
    {
        None = 0,
        Null = 1,
        Boolean = 2,
        Integer = 4,
        Number = 8,
        Text = 16,
        Object = 32,
        Array = 64,
        Any = 127,
    }

    /// <summary>Null where the schema declares nothing that could be checked.</summary>
    public static SchemaTypes? Of(JsonElement schema) => NodeOf(schema) is { } node ? new SchemaTypes(node) : null;

    /// <summary>What breaks the schema, at most <see cref="MaxFaults"/>; null where nothing does.</summary>
    public IReadOnlyList<CellReason>? Check(ReadOnlySpan<byte> record)
    {
        List<CellReason>? faults = null;
        var reader = new Utf8JsonReader(record, new JsonReaderOptions { MaxDepth = JsonShape.MaxDepth });
        reader.Read();
        Walk(ref reader, root, null, ref faults);
        return faults;
    }

    private static void Walk(ref Utf8JsonReader reader, Node node, Place? place, ref List<CellReason>? faults)
    {
        var type = TypeOf(ref reader);
        if ((type & node.Allowed) == 0 && !(place is null && type == Types.Object))
        {
            if ((faults ??= []).Count < MaxFaults)
                faults.Add(new CellReason(place?.Text ?? "*", "schema", Shown(ref reader), $"{Name(node.Allowed)}, as the connector's schema declares", null));
            reader.Skip();
            return;
        }
        if (type == Types.Object && node.Properties is { } properties)
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var known = Find(ref reader, properties);
                reader.Read();
                if (known is null)
                    reader.Skip();
                else
                    Walk(ref reader, known.Node, new Place(place, known.Name), ref faults);
            }
        else if (type == Types.Array && node.Items is { } items)
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                Walk(ref reader, items, new Place(place, "[]"), ref faults);
        else
            reader.Skip();
    }

    private static Property? Find(ref Utf8JsonReader reader, Property[] properties)
    {
        foreach (var property in properties)
            if (reader.ValueTextEquals(property.Utf8))
                return property;
        return null;
    }

    private static Types TypeOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => Types.Object,
        JsonTokenType.StartArray => Types.Array,
        JsonTokenType.String => Types.Text,
        JsonTokenType.True or JsonTokenType.False => Types.Boolean,
        JsonTokenType.Number => IsWhole(reader.ValueSpan) ? Types.Integer | Types.Number : Types.Number,
        _ => Types.Null,
    };

    private static bool IsWhole(ReadOnlySpan<byte> number) =>
        number.IndexOfAny("."u8[0], "e"u8[0], "E"u8[0]) < 0 || (double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Floor(value) == value);

    private static string Shown(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => Pieces.Clip(reader.GetString()!),
        JsonTokenType.Null => "null",
        _ => Encoding.UTF8.GetString(reader.ValueSpan),
    };

    private static string Name(Types allowed) => string.Join(" or ", Enum.GetValues<Types>()
        .Where(type => type is not (Types.None or Types.Any) && allowed.HasFlag(type) && !(type == Types.Integer && allowed.HasFlag(Types.Number)))
        .Select(type => type == Types.Text ? "string" : type.ToString().ToLowerInvariant()));

    private static Node? NodeOf(JsonElement schema, int depth = 0)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > JsonShape.MaxDepth)
            return null;
        foreach (var open in new[] { "oneOf", "anyOf", "allOf", "$ref", "if" })
            if (schema.TryGetProperty(open, out _))
                return null;
        var properties = schema.TryGetProperty("properties", out var stated) && stated.ValueKind == JsonValueKind.Object
            ? stated.EnumerateObject().Select(each => (each.Name, Node: NodeOf(each.Value, depth + 1))).Where(each => each.Node is not null)
                .Select(each => new Property(each.Name, Encoding.UTF8.GetBytes(each.Name), each.Node!)).ToArray()
            : null;
        var items = schema.TryGetProperty("items", out var item) ? NodeOf(item, depth + 1) : null;
        var allowed = schema.TryGetProperty("type", out var type) ? Allowed(type) : Types.Any;
        return allowed == Types.Any && properties is not { Length: > 0 } && items is null ? null : new Node(allowed, properties, items);
    }

    private static Types Allowed(JsonElement type) => type.ValueKind switch
    {
        JsonValueKind.String => Of(type.GetString()!),
        JsonValueKind.Array => type.EnumerateArray().Aggregate(Types.None, (all, one) => all | (one.ValueKind == JsonValueKind.String ? Of(one.GetString()!) : Types.Any)),
        _ => Types.Any,
    };

    private static Types Of(string name) => name switch
    {
        "null" => Types.Null,
        "boolean" => Types.Boolean,
        "integer" => Types.Integer,
        "number" => Types.Number | Types.Integer,
        "string" => Types.Text,
        "object" => Types.Object,
        "array" => Types.Array,
        _ => Types.Any,
    };

    private sealed record Node(Types Allowed, Property[]? Properties, Node? Items);

    private sealed record Property(string Name, byte[] Utf8, Node Node);

    private sealed record Place(Place? Above, string Name)
    {
        public string Text => Above is null ? Name : Name == "[]" ? Above.Text + Name : $"{Above.Text}.{Name}";
    }
}
