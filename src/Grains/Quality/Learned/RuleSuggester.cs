using System.Globalization;
using System.Text;
using System.Text.Json;
using Sophia.Log;

namespace Sophia.Quality;

// What may be suggested is what nearly all records already keep to: then the few that do not are worth a look. Each threshold is a constant below, chosen
// on what the suggestion would say to a person ("98 of 100 look like this; these two do not"), and measured by "eval quality" on two tables with known mistakes.

/// <summary>Finds the rules that a stream's records speak for.</summary>
internal sealed class RuleSuggester(StreamTable table, Func<string, string> nameOf, IReadOnlyList<StreamTable> others)
{
    /// <summary>Fewer records speak for nothing.</summary>
    public const int LeastRecords = 20;

    /// <summary>The share of the values that a suggested pattern, format or list of values takes at least.</summary>
    public const double NearlyAll = 0.9;

    /// <summary>Counterexamples shown.</summary>
    public const int MostExamples = 5;

    private const double Numbers = 0.5;
    private const double FewMissing = 0.1;
    private const double RareShape = 0.02;
    private const int MostShapes = 6;
    private const double CommonValue = 0.01;
    private const double NearlyAllCommon = 0.97;
    private const double RareValue = 0.003;
    private const int MostCommonValues = 20;
    private const int MostSpellings = 10;
    private const double FarOut = 6;
    private const double FewFarOut = 0.005;
    private const double ReferenceRecords = 0.75;
    private const double ReferenceValues = 0.6;

    private static readonly string[] Recognised = ["email", "uri", "uuid", "ipv4", "date", "datetime"];
    private static readonly HashSet<string> Nothings = new(["n/a", "na", "null", "none", "nil", "nan", "-", "--", "?", "unknown", "tbd"], StringComparer.OrdinalIgnoreCase);

    private readonly List<Suggestion> found = [];
    private readonly int records = table.Count;

    /// <summary>The strongest evidence first; of equal ones by name.</summary>
    public IReadOnlyList<Suggestion> Suggest()
    {
        if (records < LeastRecords)
            return [];
        foreach (var column in table.Columns)
            Field(column);
        foreach (var dependency in Dependencies.Discover(table))
            Add("dependency", dependency.Dependent, nameOf(dependency.Determinant),
                string.Create(CultureInfo.InvariantCulture, $"{nameOf(dependency.Dependent)} is decided by {nameOf(dependency.Determinant)}: {dependency.Confidence:P1} of the records that can be compared agree, strength {dependency.Strength:0.00}."),
                json => Mapping(json, "dependency", dependency.Dependent, () => json.WriteStringValue(nameOf(dependency.Determinant))),
                dependency.Compared - dependency.Against, dependency.Against, [.. Dependencies.Violations(table, [dependency.Determinant], dependency.Dependent)
                    .Take(MostExamples).Select(broken => $"{broken.Row.Key}: {table.Column(dependency.Dependent)![broken.Row[table.NumberOf(dependency.Dependent)]].Text}, others have {broken.Expected}")]);
        return [.. found.OrderByDescending(suggestion => (double)suggestion.Support / Math.Max(1, suggestion.Support + suggestion.Against)).ThenBy(suggestion => suggestion.Rule, StringComparer.Ordinal)];
    }

    private void Field(TableColumn column)
    {
        TableValue[] values = [.. column.Commonest()];
        var filled = values.Sum(value => value.Count);
        if (filled < LeastRecords)
            return;
        if (records - filled is > 0 and var missing && missing <= FewMissing * records)
            Add("required", column.Name, "", $"{filled} of {records} records have {nameOf(column.Name)}.", json => json.WriteString("required", nameOf(column.Name)), filled, missing, []);
        if (!Number(column, values, filled) && !Format(column, values, filled))
            Pattern(column, values, filled);
        Common(column, values, filled);
        Misspelt(column, filled);
        foreach (var other in others)
            Reference(column, values, filled, other);
    }

    private bool Number(TableColumn column, TableValue[] values, int filled)
    {
        TableValue[] right = [.. values.Where(value => value.TryNumber(out _))];
        TableValue[] wrong = [.. values.Where(value => !value.TryNumber(out _))];
        var numbers = right.Sum(value => value.Count);
        if (Units(wrong, filled) is { Length: > 0 } units)
        {
            Type(column, wrong, numbers, $"{nameOf(column.Name)} is a number with its unit spelt in several ways ({string.Join(", ", units.Take(4))}); as a number alone it can be compared.");
            return true;
        }
        if (numbers == filled)
            Range(column, right, filled);
        if (numbers < Numbers * filled || wrong.Length == 0)
            return numbers >= NearlyAll * filled;
        if (numbers < NearlyAll * filled && !wrong.All(value => Nothings.Contains(value.Text) || IsNumberAnd(value.Text)))
            return false;
        Type(column, wrong, numbers, $"{numbers} of {filled} values of {nameOf(column.Name)} are numbers.");
        return true;
    }

    /// <summary>The common spellings of one unit that follows nearly every number; empty where there is no such unit, or one spelling of it.</summary>
    private static string[] Units(TableValue[] values, int filled)
    {
        var spellings = values.Where(value => char.IsAsciiDigit(value.Text[0])).GroupBy(value => value.Text.TrimStart("0123456789., ".ToCharArray()), StringComparer.Ordinal)
            .Select(group => (Unit: group.Key, Count: group.Sum(value => value.Count))).OrderByDescending(unit => unit.Count).ThenBy(unit => unit.Unit, StringComparer.Ordinal).ToArray();
        string[] common = [.. spellings.Where(unit => IsUnit(unit.Unit) && unit.Count >= CommonValue * filled).Select(unit => unit.Unit)];
        return spellings.Sum(unit => unit.Count) >= NearlyAll * filled && common.Length is >= 2 and <= MostSpellings && common.All(unit => char.ToLowerInvariant(unit[0]) == char.ToLowerInvariant(common[0][0])) ? common : [];
    }

    /// <summary>Not the rest of a date, time or fraction.</summary>
    private static bool IsUnit(string text) => text.Length > 0 && !(text[0] is '-' or '/' or ':' && text.Length > 1 && char.IsAsciiDigit(text[1]));

    /// <summary>A number and a sign or two, such as "5 %".</summary>
    private static bool IsNumberAnd(string text) => text.Length > 1 && text.AsSpan().TrimEnd("%$€£ ").Length is var length && length < text.Length && Cell.TryNumber(Encoding.UTF8.GetBytes(text[..length]), out _);

    private void Type(TableColumn column, TableValue[] wrong, int numbers, string says) => Add("type", column.Name, "", says,
        json => Mapping(json, "type", column.Name, () => json.WriteStringValue("number")), numbers, wrong.Sum(value => value.Count), Shown(wrong));

    private bool Format(TableColumn column, TableValue[] values, int filled)
    {
        foreach (var name in Recognised)
        {
            TableValue[] wrong = [.. values.Where(value => value.Token != JsonTokenType.String || !Formats.All[name].Test(Encoding.UTF8.GetBytes(value.Text)))];
            if (wrong.Sum(value => value.Count) is var against && filled - against < NearlyAll * filled)
                continue;
            Add("format", column.Name, name, $"{filled - against} of {filled} values of {nameOf(column.Name)} are {Formats.All[name].Expected}.",
                json => Mapping(json, "format", column.Name, () => json.WriteStringValue(name)), filled - against, against, Shown(wrong));
            return true;
        }
        return false;
    }

    private void Pattern(TableColumn column, TableValue[] values, int filled)
    {
        var shapes = values.GroupBy(value => ValueShape.Of(value.Text), StringComparer.Ordinal).Select(group => (Shape: group.Key, Count: group.Sum(value => value.Count)))
            .OrderByDescending(group => group.Count).ThenBy(group => group.Shape, StringComparer.Ordinal).ToArray();
        string[] main = [.. shapes.Where(shape => shape.Count >= Math.Max(5, RareShape * filled) && !shape.Shape.Contains('…')).Select(shape => shape.Shape)];
        var kept = shapes.Where(shape => main.Contains(shape.Shape)).Sum(shape => shape.Count);
        var digits = shapes.Where(shape => main.Contains(shape.Shape) && shape.Shape.Contains('9')).Sum(shape => shape.Count);
        // Words alone have no pattern to break, however many there are.
        if (main.Length is 0 or > MostShapes || kept < NearlyAll * filled || kept == filled || digits < filled / 2)
            return;
        TableValue[] wrong = [.. values.Where(value => !main.Contains(ValueShape.Of(value.Text)))];
        Add("pattern", column.Name, "", $"{kept} of {filled} values of {nameOf(column.Name)} look like {string.Join(" or ", main.Select(shape => $"\"{shape}\""))}, where 9 is any number and a any words.",
            json => Mapping(json, "pattern", column.Name, () => json.WriteStringValue(ValueShape.Pattern(main))), kept, filled - kept, Shown(wrong));
    }

    private void Common(TableColumn column, TableValue[] values, int filled)
    {
        TableValue[] common = [.. values.Where(value => value.Count >= Math.Max(5, CommonValue * filled))];
        TableValue[] rare = [.. values.Where(value => value.Count < Math.Max(5, CommonValue * filled))];
        if (common.Length is < 2 or > MostCommonValues || rare.Length == 0 || common.Sum(value => value.Count) < NearlyAllCommon * filled || rare.Any(value => value.Count > Math.Max(1, RareValue * filled)))
            return;
        Add("enum", column.Name, "", $"{filled - rare.Sum(value => value.Count)} of {filled} values of {nameOf(column.Name)} are one of {common.Length}.", json => Mapping(json, "enum", column.Name, () =>
        {
            json.WriteStartArray();
            foreach (var value in common)
                json.WriteStringValue(value.Text);
            json.WriteEndArray();
        }), common.Sum(value => value.Count), rare.Sum(value => value.Count), Shown(rare));
    }

    private void Range(TableColumn column, TableValue[] values, int filled)
    {
        if (column.Distinct < 10 || column.Distinct > NearlyAll * filled)
            return;
        var sorted = values.Select(value => (Number: value.TryNumber(out var number) ? number : 0, value.Count, value)).OrderBy(value => value.Number).ToArray();
        var (low, high) = (At(sorted, filled / 4), At(sorted, 3 * filled / 4));
        var (from, until) = (low - (decimal)FarOut * (high - low), high + (decimal)FarOut * (high - low));
        if (sorted[0].Number >= 0 && from < 0)
            from = 0;
        var outside = sorted.Where(value => value.Number < from || value.Number > until).ToArray();
        var against = outside.Sum(value => value.Count);
        if (high == low || against == 0 || against > FewFarOut * filled)
            return;
        Add("range", column.Name, "", string.Create(CultureInfo.InvariantCulture, $"{filled - against} of {filled} values of {nameOf(column.Name)} lie from {from} to {until}; the middle half lies from {low} to {high}."), json => Mapping(json, "range", column.Name, () =>
        {
            json.WriteStartObject();
            json.WriteNumber("min", from);
            json.WriteNumber("max", until);
            json.WriteEndObject();
        }), filled - against, against, Shown([.. outside.Select(value => value.value)]));
    }

    private static decimal At((decimal Number, int Count, TableValue)[] sorted, int place)
    {
        foreach (var (number, count, _) in sorted)
            if ((place -= count) < 0)
                return number;
        return sorted[^1].Number;
    }

    private void Misspelt(TableColumn column, int filled)
    {
        var meant = Spelling.Discover(column, records);
        if (meant.Count == 0)
            return;
        var against = column.Commonest().Where(value => meant.ContainsKey(value.Text)).ToArray();
        Add("spelling", column.Name, "", $"{against.Length} rare values of {nameOf(column.Name)} are a few letters away from a common one.", json => json.WriteString("spelling", nameOf(column.Name)),
            filled - against.Sum(value => value.Count), against.Sum(value => value.Count), [.. against.Take(MostExamples).Select(value => $"{Cell.Clip(value.Text)}, like {meant[value.Text]}")]);
    }

    private void Reference(TableColumn column, TableValue[] values, int filled, StreamTable other)
    {
        if (!other.IsWhole || column.Distinct < 3)
            return;
        foreach (var target in other.Columns)
        {
            // Numbers meet by chance; those of fields of one name do so on purpose.
            if (target.Distinct < 3 || target.Distinct != other.Count || (values[0].TryNumber(out _) && target.Name != column.Name))
                continue;
            TableValue[] wrong = [.. values.Where(value => target.Find(value.Text) == 0)];
            var against = wrong.Sum(value => value.Count);
            if (filled - against < ReferenceRecords * filled || values.Length - wrong.Length < ReferenceValues * values.Length)
                continue;
            Add("reference", column.Name, $"{other.Stream} {target.Name}", $"{filled - against} of {filled} values of {nameOf(column.Name)} stand in {other.Stream} as {target.Name}.", json => Mapping(json, "reference", column.Name, () =>
            {
                json.WriteStartObject();
                json.WriteString("stream", other.Stream);
                json.WriteString("field", target.Name);
                json.WriteEndObject();
            }), filled - against, against, Shown(wrong));
        }
    }

    private static string[] Shown(TableValue[] wrong) => [.. wrong.Take(MostExamples).Select(value => $"{Cell.Clip(value.Text)} ({value.Count})")];

    private void Mapping(Utf8JsonWriter json, string kind, string field, Action value)
    {
        json.WriteStartObject(kind);
        json.WritePropertyName(nameOf(field));
        value();
        json.WriteEndObject();
    }

    private void Add(string kind, string field, string by, string says, Action<Utf8JsonWriter> rule, long support, long against, string[] examples)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            rule(json);
            json.WriteString("name", $"learned {kind}:{nameOf(field)}{(by.Length > 0 ? $" by {by}" : "")}");
            json.WriteEndObject();
        }
        var text = Encoding.UTF8.GetString(buffer.ToArray());
        var id = EntryHash.Of(RecordOperation.Upsert, Encoding.UTF8.GetBytes($"{kind}\n{field}\n{by}")).ToString("x32", CultureInfo.InvariantCulture)[..10];
        found.Add(new Suggestion(id, kind, nameOf(field), says, text, support, against, examples));
    }
}
