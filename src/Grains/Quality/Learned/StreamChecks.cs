using System.Globalization;
using System.Text;

namespace Sophia.Quality;

/// <summary>A rule as a definition states it, with the pipeline and version that it comes from.</summary>
internal sealed record StatedRule(RuleDefinition Rule, Func<string, string> HeaderOf, string Source);

/// <summary>Asks a stream's rules of all its records at once, also those that one record alone cannot answer. It only finds; nothing is held back.</summary>
/// <param name="other">The table of another stream, or null where there is none.</param>
internal sealed class StreamChecks(StreamTable table, Func<string, StreamTable?> other, DateTimeOffset now)
{
    private readonly IReadOnlyList<TableRow> rows = table.Rows();
    private readonly List<Finding> findings = [];
    private readonly List<RuleCount> counts = [];
    private readonly List<string> unjudged = [];

    public IReadOnlyList<Finding> Findings => findings;

    public IReadOnlyList<RuleCount> Counts => counts;

    /// <summary>Rules that could not be asked, each with the reason.</summary>
    public IReadOnlyList<string> Unjudged => unjudged;

    public void Ask(StatedRule stated)
    {
        var (rule, before) = (stated.Rule, findings.Count);
        var column = table.NumberOf(stated.HeaderOf(rule.Field));
        if (column < 0 && rule.Kind != RuleKind.Required)
        {
            unjudged.Add($"{rule.Name}: no record has a field \"{stated.HeaderOf(rule.Field)}\".");
            return;
        }
        var asked = rule.Kind switch
        {
            RuleKind.Required => Required(stated, column),
            RuleKind.Unique => Unique(stated, column),
            RuleKind.CrossField => Cross(stated),
            RuleKind.Dependency => Dependency(stated, column),
            RuleKind.Reference => Reference(stated, column),
            RuleKind.Spelling => Spelled(stated, column),
            RuleKind.Similar => Similar(stated),
            _ => EachValue(stated, column),
        };
        if (asked >= 0)
            counts.Add(new RuleCount(rule.Name, Word(rule.Kind), rule.Field, asked, findings.Count - before, stated.Source));
    }

    /// <summary>Volume and freshness against the stream's own history.</summary>
    public void AskHistory()
    {
        foreach (var (rule, value, expected, reason) in table.Arrivals.Unusual(now))
            findings.Add(new Finding(rule, rule, "*", "", value, expected, reason, "the stream's history"));
    }

    /// <summary>The five scores, each 1 less the broken among the asked cells of its rules.</summary>
    public IReadOnlyList<ScoreLine> Scores() =>
    [
        Score("completeness", "missing", "required cells", "required"),
        Score("accuracy", "wrong", "cells with a value (type, format, range, enum, pattern, check, spelling)", "type", "format", "range", "enum", "pattern", "crossField", "spelling"),
        Score("consistency", "disagreeing", "cells that another field or stream speaks for (dependency, reference)", "dependency", "reference"),
        Score("timeliness", "too old", "dated cells", "age"),
        Score("uniqueness", "repeated", "records (unique, similar)", "unique", "similar"),
    ];

    public static string Word(RuleKind kind) => kind.ToString() is var name ? char.ToLowerInvariant(name[0]) + name[1..] : "";

    private ScoreLine Score(string check, string broken, string of, params string[] kinds)
    {
        var (asked, wrong) = (counts.Where(c => kinds.Contains(c.Kind)).Sum(c => c.Asked), counts.Where(c => kinds.Contains(c.Kind)).Sum(c => c.Broken));
        return new ScoreLine(check, asked == 0 ? 1 : 1 - (double)wrong / asked,
            asked == 0 ? "no rule asks for it" : string.Create(CultureInfo.InvariantCulture, $"{check} = 1 - {wrong} {broken} / {asked} {of}")) { Unjudged = asked == 0 };
    }

    private int Required(StatedRule stated, int column)
    {
        foreach (var row in rows)
            if (row[column] == 0)
                Blame(stated, row, null, "a value", "The field is missing, null or empty.");
        return rows.Count;
    }

    private int EachValue(StatedRule stated, int column)
    {
        var rule = CellRule.Compile(stated.Rule, 0);
        var values = table.Columns[column];
        var right = new bool?[values.Numbers];
        var asked = 0;
        foreach (var row in rows)
        {
            var value = values[row[column]];
            if (value.IsMissing || value.Text.Length > TableColumn.MaxKept)
                continue;
            asked++;
            if (right[row[column]] ??= rule.Test(new Cell(value.Token, Encoding.UTF8.GetBytes(value.Text)), now))
                continue;
            Blame(stated, row, value.Text, rule.Expected, rule.Hint ?? "The value is not what the rule asks for.");
        }
        return asked;
    }

    private int Unique(StatedRule stated, int column)
    {
        var holders = new Dictionary<int, string>();
        foreach (var row in rows)
            if (row[column] != 0 && !holders.TryAdd(row[column], row.Key))
                Blame(stated, row, table.Columns[column][row[column]].Text, "a value that no other record has", $"Record {holders[row[column]]} has it too.");
        return rows.Count(row => row[column] != 0);
    }

    private int Cross(StatedRule stated)
    {
        var expression = RuleExpression.Parse(stated.Rule.Arguments["expression"]);
        int[] columns = [.. expression.Fields.Select(field => table.NumberOf(stated.HeaderOf(field)))];
        var (values, asked) = (new ExpressionValue[columns.Length], 0);
        foreach (var row in rows)
        {
            for (var i = 0; i < columns.Length; i++)
                values[i] = ValueOf(columns[i], row) is { IsMissing: false } value ? ExpressionValue.Of(new Cell(value.Token, Encoding.UTF8.GetBytes(value.Text))) : default;
            if (expression.Holds(values, now) is not { } holds)
                continue;
            asked++;
            if (!holds)
                Blame(stated, row, string.Join(", ", expression.Fields.Select((field, i) => $"{field}={ValueOf(columns[i], row).Text}")), stated.Rule.Arguments["expression"], "The fields are right each, and do not agree.");
        }
        return asked;
    }

    private int Dependency(StatedRule stated, int column)
    {
        string[] by = [.. stated.Rule.Values.Select(stated.HeaderOf)];
        foreach (var (row, expected, agreeing, group) in Dependencies.Violations(table, by, stated.HeaderOf(stated.Rule.Field)))
            Blame(stated, row, ValueOf(column, row).Text, expected, $"{agreeing} of {group} records with {string.Join(", ", by.Select(field => $"{field} {ValueOf(table.NumberOf(field), row).Text}"))} have {expected}.");
        return rows.Count(row => by.All(field => row[table.NumberOf(field)] != 0));
    }

    private int Reference(StatedRule stated, int column)
    {
        var (stream, field) = (stated.Rule.Arguments["stream"], stated.Rule.Arguments["field"]);
        if (other(stream) is not { IsWhole: true } target || target.Column(field) is not { } named)
        {
            unjudged.Add($"{stated.Rule.Name}: stream \"{stream}\" has no records with a field \"{field}\", or more records than can be compared with ({StreamTable.DefaultRows}).");
            return -1;
        }
        var asked = 0;
        foreach (var row in rows)
        {
            var value = ValueOf(column, row);
            if (value.IsMissing)
                continue;
            asked++;
            if (named.Find(value.Text) == 0)
                Blame(stated, row, value.Text, $"a {field} of {stream}", $"No record of {stream} has it as its {field}.");
        }
        return asked;
    }

    private int Spelled(StatedRule stated, int column)
    {
        var meant = Spelling.Discover(table.Columns[column], rows.Count);
        foreach (var row in rows)
            if (ValueOf(column, row) is { IsMissing: false } value && meant.TryGetValue(value.Text, out var common))
                Blame(stated, row, value.Text, common.Contains('9') ? $"the spelling of \"{common}\", where 9 is any number" : common, "It is rare, and a few letters away from a common value.");
        return rows.Count(row => row[column] != 0);
    }

    private int Similar(StatedRule stated)
    {
        var likeness = double.Parse(stated.Rule.Arguments.GetValueOrDefault("likeness", "0.8"), CultureInfo.InvariantCulture);
        foreach (var (row, twin, alike) in NearDuplicates.Find(table, [.. stated.Rule.Values.Select(stated.HeaderOf)], likeness))
            Blame(stated, row, ValueOf(table.NumberOf(stated.HeaderOf(stated.Rule.Field)), row).Text, "a record of its own", string.Create(CultureInfo.InvariantCulture, $"Record {twin} reads nearly the same ({alike:0.00})."));
        return rows.Count;
    }

    private TableValue ValueOf(int column, TableRow row) => column < 0 ? TableValue.Missing : table.Columns[column][row[column]];

    private void Blame(StatedRule stated, TableRow row, string? value, string expected, string reason) => findings.Add(new Finding(
        stated.Rule.Name, Word(stated.Rule.Kind), stated.Rule.Field, row.Key, value is null ? null : Cell.Clip(value), Cell.Clip(expected), reason, stated.Source));
}
