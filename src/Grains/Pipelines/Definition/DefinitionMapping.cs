using System.Globalization;

namespace Sophia.Pipelines;

/// <summary>One mapping of a definition: each question about a key answers a value or notes what was expected instead.</summary>
internal sealed class DefinitionMapping(DefinitionNode.Mapping node, string where, DefinitionErrors errors)
{
    public DefinitionErrors Errors => errors;

    public int Line => node.Line;

    public string Where => where;

    public IReadOnlyList<DefinitionEntry> Entries => node.Entries;

    /// <summary>The mapping that a node is, or null and a mistake noted.</summary>
    public static DefinitionMapping? Of(DefinitionNode node, string where, DefinitionErrors errors)
    {
        if (node is DefinitionNode.Mapping mapping)
            return new DefinitionMapping(mapping, where, errors);
        errors.Expected(node, where, "a mapping");
        return null;
    }

    public string At(string key) => where.Length == 0 ? key : $"{where}.{key}";

    public int LineOf(string key) => Find(key)?.Line ?? node.Line;

    public DefinitionNode? Find(string key)
    {
        foreach (var entry in node.Entries)
            if (entry.Key == key)
                return entry.Value is DefinitionNode.Scalar { IsNull: true } ? null : entry.Value;
        return null;
    }

    public void Missing(string key, string expectation) => errors.Add(node.Line, At(key), $"expected {expectation}, found nothing");

    /// <summary>Notes every key that is not among the known ones.</summary>
    public void OnlyKnows(params ReadOnlySpan<string> known)
    {
        foreach (var entry in node.Entries)
            if (!known.Contains(entry.Key))
                errors.Unknown(entry.Line, where, entry.Key, known.ToArray());
    }

    public DefinitionMapping? Mapping(string key) => Find(key) is { } found ? Of(found, At(key), errors) : null;

    public string? Text(string key, string expectation = "a text")
    {
        switch (Find(key))
        {
            case null:
                return null;
            case DefinitionNode.Scalar scalar:
                return scalar.Text;
            case var other:
                errors.Expected(other, At(key), expectation);
                return null;
        }
    }

    public double? Number(string key, double least, double most)
    {
        if (Find(key) is not { } found)
            return null;
        if (found is DefinitionNode.Scalar scalar && double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
            return number;
        errors.Expected(found, At(key), string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"));
        return null;
    }

    public int? Integer(string key, int least, int most)
    {
        if (Find(key) is not { } found)
            return null;
        if (found is DefinitionNode.Scalar scalar && int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
            return number;
        errors.Expected(found, At(key), $"a whole number from {least} to {most}");
        return null;
    }

    public bool? YesOrNo(string key)
    {
        switch (Find(key))
        {
            case null:
                return null;
            case DefinitionNode.Scalar { Text: "true" or "True" or "yes" or "on" }:
                return true;
            case DefinitionNode.Scalar { Text: "false" or "False" or "no" or "off" }:
                return false;
            case var other:
                errors.Expected(other, At(key), "true or false");
                return null;
        }
    }

    /// <summary>A text, or a list of texts; empty where nothing stands.</summary>
    public IReadOnlyList<string> Texts(string key) => Find(key) is { } found ? TextsOf(found, At(key), errors) : [];

    public static IReadOnlyList<string> TextsOf(DefinitionNode node, string where, DefinitionErrors errors)
    {
        if (node is DefinitionNode.Scalar single)
            return [single.Text];
        if (node is not DefinitionNode.Sequence list)
        {
            errors.Expected(node, where, "a text or a list of texts");
            return [];
        }
        var texts = new List<string>();
        for (var i = 0; i < list.Items.Count; i++)
            if (list.Items[i] is DefinitionNode.Scalar item)
                texts.Add(item.Text);
            else
                errors.Expected(list.Items[i], $"{where}[{i}]", "a text");
        return texts;
    }
}
