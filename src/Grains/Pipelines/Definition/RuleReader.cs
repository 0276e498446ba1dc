using System.Globalization;
using System.Text.RegularExpressions;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Reads a stream's rules: each item names one kind and its fields, such as <c>{range: {amount: {min: 0}}, level: warning}</c>.</summary>
internal sealed class RuleReader(DefinitionErrors errors)
{
    internal static readonly string[] Kinds = ["age", "check", "dependency", "enum", "format", "pattern", "range", "reference", "required", "similar", "spelling", "type", "unique"];
    internal static readonly string[] Keys = [.. Kinds, "field", "level", "likeness", "name"];
    internal static readonly string[] Types = ["array", "boolean", "date", "datetime", "integer", "number", "object", "string"];
    internal static readonly string[] Formats = ["country", "currency", "date", "datetime", "email", "ipv4", "ipv6", "phone", "time", "uri", "url", "uuid"];

    private readonly List<RuleDefinition> rules = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    public IReadOnlyList<RuleDefinition> Read(DefinitionNode node, string where)
    {
        if (node is not DefinitionNode.Sequence list)
        {
            errors.Expected(node, where, "a list of rules");
            return [];
        }
        for (var i = 0; i < list.Items.Count; i++)
            if (DefinitionMapping.Of(list.Items[i], $"{where}[{i}]", errors) is { } rule)
                ReadOne(rule);
        return rules;
    }

    /// <summary>The rules of one mapping.</summary>
    public IReadOnlyList<RuleDefinition> One(DefinitionMapping rule)
    {
        ReadOne(rule);
        return rules;
    }

    private void ReadOne(DefinitionMapping rule)
    {
        rule.OnlyKnows(Keys);
        var kinds = rule.Entries.Where(entry => Kinds.Contains(entry.Key)).ToArray();
        if (kinds.Length != 1)
        {
            errors.Add(rule.Line, rule.Where, $"expected one of {string.Join(", ", Kinds)}, found {(kinds.Length == 0 ? "none" : string.Join(" and ", kinds.Select(kind => kind.Key)))}");
            return;
        }
        var (key, line, value) = (kinds[0].Key, kinds[0].Line, kinds[0].Value);
        var made = new Maker(rule, Level(rule), rule.Text("name"), line);
        if (key != "check" && rule.Find("field") is not null)
            errors.Add(rule.LineOf("field"), rule.At("field"), "expected only beside check; other rules name their fields themselves");
        switch (key)
        {
            case "required" or "unique" or "spelling":
                foreach (var field in DefinitionMapping.TextsOf(value, rule.At(key), errors))
                    Add(made.Rule(key switch { "required" => RuleKind.Required, "unique" => RuleKind.Unique, _ => RuleKind.Spelling }, key, field));
                break;
            case "similar":
                if (DefinitionMapping.TextsOf(value, rule.At(key), errors) is [var first, ..] fields)
                    Add(made.Rule(RuleKind.Similar, key, first, ("likeness", Number(rule, "likeness", 0.5, 1, 0.8))) with { Values = fields });
                break;
            case "check":
                Check(made, value);
                break;
            default:
                foreach (var entry in DefinitionMapping.Of(value, rule.At(key), errors)?.Entries ?? [])
                    PerField(made, key, entry, $"{rule.At(key)}.{entry.Key}");
                break;
        }
    }

    private void PerField(Maker made, string kind, DefinitionEntry entry, string where)
    {
        RuleDefinition? rule = kind switch
        {
            "type" => OneOf(entry.Value, where, Types) is { } type ? made.Rule(RuleKind.Type, kind, entry.Key, ("type", type)) : null,
            "format" => OneOf(entry.Value, where, Formats) is { } format ? made.Rule(RuleKind.Format, kind, entry.Key, ("format", format)) : null,
            "range" => Range(made, entry, where),
            "enum" => made.Rule(RuleKind.Enum, kind, entry.Key) with { Values = DefinitionMapping.TextsOf(entry.Value, where, errors) },
            "pattern" => Pattern(entry.Value, where) is { } pattern ? made.Rule(RuleKind.Pattern, kind, entry.Key, ("pattern", pattern)) : null,
            "dependency" => Dependency(made, entry, where),
            "reference" => Reference(made, entry, where),
            _ => Age(entry.Value, where) is { } age ? made.Rule(RuleKind.Age, kind, entry.Key, ("maxAge", age)) : null,
        };
        if (rule is not null)
            Add(rule with { Line = entry.Line });
    }

    private RuleDefinition? Dependency(Maker made, DefinitionEntry entry, string where)
    {
        var by = DefinitionMapping.TextsOf(entry.Value, where, errors);
        if (by.Count > 0 && !by.Contains(entry.Key))
            return made.Rule(RuleKind.Dependency, "dependency", entry.Key) with { Values = by };
        errors.Expected(entry.Value, where, "the other field, or fields, that decide this one");
        return null;
    }

    private RuleDefinition? Reference(Maker made, DefinitionEntry entry, string where)
    {
        if (DefinitionMapping.Of(entry.Value, where, errors) is not { } target)
            return null;
        target.OnlyKnows("field", "stream");
        if (target.Text("stream") is { Length: > 0 } stream && target.Text("field") is { Length: > 0 } field)
            return made.Rule(RuleKind.Reference, "reference", entry.Key, ("stream", stream), ("field", field));
        target.Missing("stream", "stream and field, where the value must stand");
        return null;
    }

    private static string Number(DefinitionMapping rule, string key, double least, double most, double otherwise) =>
        (rule.Number(key, least, most) ?? otherwise).ToString(CultureInfo.InvariantCulture);

    private RuleDefinition? Range(Maker made, DefinitionEntry entry, string where)
    {
        if (DefinitionMapping.Of(entry.Value, where, errors) is not { } bounds)
            return null;
        bounds.OnlyKnows("min", "max");
        var (min, max) = (Bound(bounds, "min"), Bound(bounds, "max"));
        if (min is null && max is null && bounds.Find("min") is null && bounds.Find("max") is null)
            errors.Add(entry.Line, where, "expected min, max or both, found neither");
        if (Number(min) is { } least && Number(max) is { } most && least > most)
            errors.Add(bounds.LineOf("max"), bounds.At("max"), $"expected at least min ({min}), found \"{max}\"");
        var arguments = new List<(string, string)>();
        if (min is not null)
            arguments.Add(("min", min));
        if (max is not null)
            arguments.Add(("max", max));
        return made.Rule(RuleKind.Range, "range", entry.Key, [.. arguments]);
    }

    private string? Bound(DefinitionMapping bounds, string key)
    {
        if (bounds.Text(key, "a number") is not { } text)
            return null;
        if (Number(text) is not null || (text.Length >= 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)))
            return text;
        errors.Expected(bounds.Find(key)!, bounds.At(key), "a number");
        return null;
    }

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private void Check(Maker made, DefinitionNode value)
    {
        if (value is not DefinitionNode.Scalar { Text: { Length: > 0 } expression })
        {
            errors.Expected(value, made.Rule(RuleKind.CrossField, "check", "").Field, "an expression such as \"close_date >= engage_date\"");
            return;
        }
        var field = made.Mapping.Text("field") ?? Regex.Match(expression, @"[A-Za-z_][\w.]*").Value;
        Add(made.Rule(RuleKind.CrossField, "check", field, ("expression", expression)));
    }

    private string? Pattern(DefinitionNode value, string where)
    {
        if (value is not DefinitionNode.Scalar scalar)
        {
            errors.Expected(value, where, "a regular expression");
            return null;
        }
        try
        {
            _ = new Regex(scalar.Text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return scalar.Text;
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            errors.Add(value.Line, where, $"expected a regular expression without look-around or back-references, found {value.Shown} ({wrong.Message})");
            return null;
        }
    }

    private string? Age(DefinitionNode value, string where)
    {
        if (value is DefinitionNode.Scalar scalar && Durations.TryParse(scalar.Text, out _))
            return scalar.Text;
        errors.Expected(value, where, Durations.Expectation);
        return null;
    }

    private string? OneOf(DefinitionNode value, string where, string[] known)
    {
        if (value is DefinitionNode.Scalar scalar && known.Contains(scalar.Text))
            return scalar.Text;
        errors.Expected(value, where, $"one of {string.Join(", ", known)}");
        return null;
    }

    private RuleLevel Level(DefinitionMapping rule)
    {
        var text = rule.Text("level", "error or warning");
        if (text is not (null or "error" or "warning"))
            errors.Expected(rule.Find("level")!, rule.At("level"), "error or warning");
        return text == "warning" ? RuleLevel.Warning : RuleLevel.Error;
    }

    private void Add(RuleDefinition rule)
    {
        if (rule.Field.Length == 0)
            errors.Add(rule.Line, "", $"expected a field for rule \"{rule.Name}\", found nothing");
        else if (rule.Kind is RuleKind.CrossField || (rule.Kind is RuleKind.Range && rule.Arguments.Count > 0))
            if (RuleSet.ErrorOf(rule with { Line = 0 }) is { } wrong)
                errors.Add(rule.Line, "", wrong);
        var name = rule.Name;
        for (var n = 2; !names.Add(name); n++)
            name = $"{rule.Name}-{n}";
        rules.Add(rule with { Name = name });
    }

    private readonly record struct Maker(DefinitionMapping Mapping, RuleLevel Level, string? Name, int Line)
    {
        public RuleDefinition Rule(RuleKind kind, string kindName, string field, params (string Key, string Value)[] arguments) =>
            new(Name ?? $"{kindName}:{field}", kind, field, Level, arguments.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal), [], Line);
    }
}
