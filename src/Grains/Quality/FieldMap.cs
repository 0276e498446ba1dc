using System.Text;
using System.Text.Json;

namespace Sophia.Quality;

/// <summary>Where one field's value lies in a payload.</summary>
internal readonly record struct FoundCell(JsonTokenType Token, int Start, int Length, bool Escaped);

/// <summary>The fields that rules speak of, found in one pass over a payload. A dotted field is a path into objects, and also a property that is called so at the top.</summary>
internal sealed class FieldMap
{
    private readonly Node root = new();
    private readonly List<string> names = [];

    public IReadOnlyList<string> Names => names;

    /// <summary>The number of a field, given out once.</summary>
    public int NumberOf(string field)
    {
        var known = names.IndexOf(field);
        if (known >= 0)
            return known;
        names.Add(field);
        root.Add([field], names.Count - 1);
        if (field.Contains('.'))
            root.Add(field.Split('.'), names.Count - 1);
        return names.Count - 1;
    }

    /// <summary>Fills in where each field's value lies; a field that is not there has no token. The last of two equal names counts.</summary>
    /// <exception cref="JsonException">The payload is not one JSON object.</exception>
    public void Find(ReadOnlySpan<byte> payload, Span<FoundCell> cells)
    {
        cells.Clear();
        var reader = new Utf8JsonReader(payload);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("The payload is not a JSON object.");
        Walk(ref reader, root, cells);
        if (reader.Read())
            throw new JsonException("Something follows the JSON object.");
    }

    public static Cell CellOf(ReadOnlySpan<byte> payload, FoundCell found)
    {
        var bytes = payload.Slice(found.Start, found.Length);
        if (!found.Escaped)
            return new Cell(found.Token, bytes);
        var reader = new Utf8JsonReader(payload.Slice(found.Start - 1, found.Length + 2));
        reader.Read();
        var plain = new byte[found.Length];
        return new Cell(found.Token, plain.AsSpan(0, reader.CopyString(plain)));
    }

    private static void Walk(ref Utf8JsonReader reader, Node node, Span<FoundCell> cells)
    {
        var expected = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var branch = node.Match(ref reader, ref expected);
            reader.Read();
            if (branch is null)
            {
                reader.Skip();
                continue;
            }
            var start = (int)reader.TokenStartIndex;
            var found = reader.TokenType == JsonTokenType.String
                ? new FoundCell(JsonTokenType.String, start + 1, reader.ValueSpan.Length, reader.ValueIsEscaped)
                : new FoundCell(reader.TokenType, start, reader.ValueSpan.Length, false);
            if (reader.TokenType == JsonTokenType.StartObject && branch.Inner is { } inner)
                Walk(ref reader, inner, cells);
            else
                reader.Skip();
            if (found.Token is JsonTokenType.StartObject or JsonTokenType.StartArray)
                found = found with { Length = (int)reader.BytesConsumed - start };
            if (branch.Number >= 0)
                cells[branch.Number] = found;
        }
    }

    private sealed class Branch(byte[] name)
    {
        public byte[] Name { get; } = name;

        public int Number { get; set; } = -1;

        public Node? Inner { get; set; }
    }

    private sealed class Node
    {
        private readonly List<Branch> branches = [];
        private ulong lengths;

        public void Add(ReadOnlySpan<string> path, int number)
        {
            var name = Encoding.UTF8.GetBytes(path[0]);
            var branch = branches.Find(b => b.Name.AsSpan().SequenceEqual(name));
            if (branch is null)
                branches.Add(branch = new Branch(name));
            lengths |= 1UL << (name.Length & 63);
            if (path.Length == 1)
                branch.Number = number;
            else
                (branch.Inner ??= new Node()).Add(path[1..], number);
        }

        /// <summary>Looks first where the record before had it: fields of a stream mostly come in one order.</summary>
        public Branch? Match(ref Utf8JsonReader reader, ref int expected)
        {
            if (reader.ValueIsEscaped)
            {
                foreach (var branch in branches)
                    if (reader.ValueTextEquals(branch.Name))
                        return branch;
                return null;
            }
            var name = reader.ValueSpan;
            if ((lengths & (1UL << (name.Length & 63))) == 0)
                return null;
            for (var i = 0; i < branches.Count; i++)
            {
                var at = expected + i < branches.Count ? expected + i : expected + i - branches.Count;
                if (!name.SequenceEqual(branches[at].Name))
                    continue;
                expected = at + 1 == branches.Count ? 0 : at + 1;
                return branches[at];
            }
            return null;
        }
    }
}
