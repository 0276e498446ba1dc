using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Reads a stream's transforms: each item of the list names one kind, such as <c>{cast: {amount: number}}</c>. Expressions are typed here, so that a wrong one never runs.</summary>
internal sealed class TransformReader(DefinitionErrors errors)
{
    internal static readonly string[] Kinds = ["cast", "derive", "filter", "flatten", "mask", "rename", "select", "split"];
    internal static readonly string[] CastKeys = ["format", "onFailure", "type"];
    internal static readonly string[] Failures = ["null", "quarantine"];
    internal static readonly string[] FlattenKeys = ["depth", "fields", "separator"];
    internal static readonly string[] Masks = ["hash", "redact"];
    internal static readonly string[] SplitKeys = ["field", "key", "number"];

    /// <summary>The most steps of one stream.</summary>
    public const int MaxSteps = 100;

    private readonly List<TransformDefinition> steps = [];
    private readonly TransformTypes types = new();

    public IReadOnlyList<TransformDefinition> Read(DefinitionNode node, string where)
    {
        if (node is not DefinitionNode.Sequence { Items.Count: <= MaxSteps } list)
        {
            errors.Expected(node, where, $"a list of at most {MaxSteps} transforms");
            return [];
        }
        for (var i = 0; i < list.Items.Count; i++)
            if (DefinitionMapping.Of(list.Items[i], $"{where}[{i}]", errors) is { } step)
                ReadOne(step);
        return steps;
    }

    private void ReadOne(DefinitionMapping step)
    {
        step.OnlyKnows(Kinds);
        if (step.Entries is not [var entry] || !Kinds.Contains(entry.Key))
        {
            if (step.Entries.Count != 1)
                errors.Add(step.Line, step.Where, $"expected one of {string.Join(", ", Kinds)}, found {(step.Entries.Count == 0 ? "none" : string.Join(" and ", step.Entries.Select(other => other.Key)))}");
            return;
        }
        var at = step.At(entry.Key);
        var read = entry.Key switch
        {
            "select" => Of(TransformKind.Select, entry, Names(entry.Value, at)),
            "rename" => Rename(entry, at),
            "cast" => Of(TransformKind.Cast, entry, PerField(entry, at, Cast)),
            "derive" => Of(TransformKind.Derive, entry, PerField(entry, at, Derive)),
            "mask" => Of(TransformKind.Mask, entry, PerField(entry, at, Mask)),
            "flatten" => Flatten(entry, at),
            "filter" => Filter(entry, at),
            _ => Split(entry, at),
        };
        if (read is not null)
        {
            steps.Add(read);
            types.After(read);
        }
    }

    private static TransformDefinition? Of(TransformKind kind, DefinitionEntry entry, IReadOnlyList<TransformField> fields) =>
        fields.Count == 0 ? null : new TransformDefinition(kind, fields, Line: entry.Line);

    private List<TransformField> Names(DefinitionNode node, string where)
    {
        var names = DefinitionMapping.TextsOf(node, where, errors);
        if (names.Count == 0)
            errors.Expected(node, where, "at least one field");
        return [.. names.Distinct(StringComparer.Ordinal).Select(name => new TransformField(name))];
    }

    private List<TransformField> PerField(DefinitionEntry entry, string where, Func<DefinitionEntry, string, TransformField?> read)
    {
        var fields = new List<TransformField>();
        if (DefinitionMapping.Of(entry.Value, where, errors) is not { } mapping)
            return fields;
        if (mapping.Entries.Count == 0)
            errors.Expected(entry.Value, where, "at least one field");
        foreach (var field in mapping.Entries)
            if (read(field, $"{where}.{field.Key}") is { } made)
                fields.Add(made);
        return fields;
    }

    private TransformDefinition? Rename(DefinitionEntry entry, string where)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        return Of(TransformKind.Rename, entry, PerField(entry, where, (field, at) =>
        {
            if (field.Value is not DefinitionNode.Scalar { IsNull: false, Text: { Length: > 0 } to })
                errors.Expected(field.Value, at, "the field's new name");
            else if (!names.Add(to))
                errors.Add(field.Line, at, $"expected each new name once, found \"{to}\" again");
            else
                return new TransformField(field.Key, to);
            return null;
        }));
    }

    private TransformField? Cast(DefinitionEntry field, string where)
    {
        if (field.Value is DefinitionNode.Scalar plain)
            return TypeOf(plain, where) is { } simple ? new TransformField(field.Key, simple) : null;
        if (DefinitionMapping.Of(field.Value, where, errors) is not { } cast)
            return null;
        cast.OnlyKnows(CastKeys);
        if (cast.Find("type") is not { } node)
        {
            cast.Missing("type", $"one of {string.Join(", ", CastStep.Types)}");
            return null;
        }
        if (TypeOf(node, cast.At("type")) is not { } type)
            return null;
        var format = cast.Text("format") ?? "";
        if (format.Length > 0 && type is not ("date" or "datetime" or "time"))
            errors.Add(cast.LineOf("format"), cast.At("format"), $"expected only beside date, datetime and time, found it beside {type}");
        else if (format.Length > 0 && !CastStep.IsFormat(format))
            errors.Expected(cast.Find("format")!, cast.At("format"), "a format such as dd.MM.yyyy or yyyy-MM-dd HH:mm:ss");
        return new TransformField(field.Key, type, format, Null(cast));
    }

    // YAML reads an unquoted null as nothing at all; here it is meant.
    private bool Null(DefinitionMapping cast)
    {
        foreach (var entry in cast.Entries)
            if (entry.Key == "onFailure")
            {
                if (entry.Value is DefinitionNode.Scalar { Text: "null" or "quarantine" } said)
                    return said.Text == "null";
                errors.Expected(entry.Value, cast.At("onFailure"), "quarantine or null");
            }
        return false;
    }

    private string? TypeOf(DefinitionNode node, string where)
    {
        if (node is DefinitionNode.Scalar scalar && CastStep.Types.Contains(scalar.Text))
            return scalar.Text;
        errors.Expected(node, where, $"one of {string.Join(", ", CastStep.Types)}");
        return null;
    }

    private TransformField? Derive(DefinitionEntry field, string where)
    {
        if (field.Value is not DefinitionNode.Scalar { Text: { Length: > 0 } text })
        {
            errors.Expected(field.Value, where, "an expression such as \"price * quantity\"");
            return null;
        }
        return Typed(text, field.Value.Line, where) is { } type ? types.Derived(new TransformField(field.Key, text), type) : null;
    }

    private TransformDefinition? Filter(DefinitionEntry entry, string where)
    {
        if (entry.Value is not DefinitionNode.Scalar { Text: { Length: > 0 } text })
        {
            errors.Expected(entry.Value, where, "a condition such as \"status != 'test'\"");
            return null;
        }
        if (Typed(text, entry.Value.Line, where) is not { } type)
            return null;
        if (type is ExpressionType.Boolean or ExpressionType.Any)
            return new TransformDefinition(TransformKind.Filter, [], text, entry.Line);
        errors.Add(entry.Value.Line, where, $"expected a condition that is true or false, found {ExpressionTyping.Word(type)}");
        return null;
    }

    private ExpressionType? Typed(string text, int line, string where)
    {
        try
        {
            return RuleExpression.Parse(text).TypeOf(types.Of);
        }
        catch (RuleExpressionException wrong)
        {
            errors.Add(line, where, wrong.Message);
            return null;
        }
    }

    private TransformField? Mask(DefinitionEntry field, string where)
    {
        if (field.Value is DefinitionNode.Scalar scalar && Masks.Contains(scalar.Text))
            return new TransformField(field.Key, scalar.Text);
        if (field.Value is DefinitionNode.Mapping mapping && new DefinitionMapping(mapping, where, errors) is var keep)
        {
            keep.OnlyKnows("keepLast");
            return keep.Integer("keepLast", 1, 100) is { } last ? new TransformField(field.Key, "keep", $"{last}") : null;
        }
        errors.Expected(field.Value, where, "hash, redact or {keepLast: 4}");
        return null;
    }

    private TransformDefinition? Flatten(DefinitionEntry entry, string where)
    {
        if (entry.Value is DefinitionNode.Scalar { IsNull: false, Text: { Length: > 0 and <= 10 } separator })
            return new TransformDefinition(TransformKind.Flatten, [], separator, entry.Line);
        if (DefinitionMapping.Of(entry.Value, where, errors) is not { } flatten)
            return null;
        flatten.OnlyKnows(FlattenKeys);
        var fields = flatten.Texts("fields").Select(name => new TransformField(name)).ToArray();
        return new TransformDefinition(TransformKind.Flatten, fields, flatten.Text("separator") ?? ".", entry.Line) { Depth = flatten.Integer("depth", 1, DefinitionLimits.MaxDepth) ?? DefinitionLimits.MaxDepth };
    }

    private TransformDefinition? Split(DefinitionEntry entry, string where)
    {
        if (steps.Any(step => step.Kind != TransformKind.Filter))
            errors.Add(entry.Line, where, "expected once, and before every transform but filters: the records that come of it are transformed one by one");
        if (entry.Value is DefinitionNode.Scalar { IsNull: false, Text: { Length: > 0 } name })
            return Of(TransformKind.Split, entry, [new TransformField(name)]);
        if (DefinitionMapping.Of(entry.Value, where, errors) is not { } split)
            return null;
        split.OnlyKnows(SplitKeys);
        if (split.Text("field") is { Length: > 0 } field)
            return Of(TransformKind.Split, entry, [new TransformField(field, split.Text("key") ?? "", split.Text("number") ?? "")]);
        split.Missing("field", "the field whose list is split");
        return null;
    }
}
