using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Keeps the named fields, in the order in which they are named.</summary>
internal sealed class SelectStep(TransformDefinition definition) : TransformStep(definition)
{
    private readonly List<(string, ReadOnlyMemory<byte>)> kept = [];

    public override bool Do(TransformRow row, TransformNotes notes)
    {
        kept.Clear();
        foreach (var field in Definition.Fields)
            if (row.Find(field.Name) is >= 0 and var index)
                kept.Add((field.Name, row.JsonAt(index)));
        row.Replace(kept);
        return true;
    }
}

/// <summary>Gives fields other names, all at once, so that two may change places. A name that another field has is not taken from it.</summary>
internal sealed class RenameStep(TransformDefinition definition) : TransformStep(definition)
{
    private readonly Dictionary<string, string> names = definition.Fields.ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal);
    private readonly List<(string, ReadOnlyMemory<byte>)> renamed = [];

    public override bool Do(TransformRow row, TransformNotes notes)
    {
        foreach (var (from, to) in names)
            if (row.Find(from) >= 0 && row.Find(to) >= 0 && !names.ContainsKey(to))
            {
                notes.Wrong(from, $"rename:{from}", null, $"no field that is called \"{to}\" already", "Rename or leave out the other one before.");
                return true;
            }
        renamed.Clear();
        for (var i = 0; i < row.Count; i++)
            renamed.Add((names.GetValueOrDefault(row.NameAt(i), row.NameAt(i)), row.JsonAt(i)));
        row.Replace(renamed);
        return true;
    }
}

/// <summary>Puts the fields of objects beside each other at the top, their names joined by the separator. Arrays stay as they are, and so do empty objects.</summary>
internal sealed class FlattenStep(TransformDefinition definition) : TransformStep(definition)
{
    private readonly HashSet<string> only = [.. definition.Fields.Select(field => field.Name)];
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private readonly List<(string Name, ReadOnlyMemory<byte> Json)> flat = [];

    public override bool Do(TransformRow row, TransformNotes notes)
    {
        flat.Clear();
        taken.Clear();
        for (var i = 0; i < row.Count; i++)
            if (TransformJson.TokenOf(row.JsonAt(i).Span) == JsonTokenType.StartObject && (only.Count == 0 || only.Contains(row.NameAt(i))))
                Flatten(row.NameAt(i), row.JsonAt(i), 1);
            else
                flat.Add((row.NameAt(i), row.JsonAt(i)));
        foreach (var (name, _) in flat)
            if (!taken.Add(name))
            {
                notes.Wrong(name, "flatten", null, "each name once after flattening", "Two fields come to have this name: choose another separator, or rename one before.");
                return true;
            }
        row.Replace(flat);
        return true;
    }

    private void Flatten(string name, ReadOnlyMemory<byte> json, int depth)
    {
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        var any = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            any = true;
            var inner = $"{name}{Definition.Text}{reader.GetString()}";
            reader.Read();
            var (start, isObject) = ((int)reader.TokenStartIndex, reader.TokenType == JsonTokenType.StartObject);
            reader.Skip();
            var value = json[start..(int)reader.BytesConsumed];
            if (isObject && depth < Definition.Depth)
                Flatten(inner, value, depth + 1);
            else
                flat.Add((inner, value));
        }
        if (!any)
            flat.Add((name, json));
    }
}
