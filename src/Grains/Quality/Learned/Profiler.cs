using System.Globalization;
using System.Text.Json;

namespace Sophia.Quality;

/// <summary>Says what a stream's records look like.</summary>
internal static class Profiler
{
    /// <summary>Patterns, types and commonest values shown for one field.</summary>
    public const int MostShown = 10;

    /// <summary>Fewer records on either side say nothing about drift.</summary>
    public const int LeastForDrift = 50;

    /// <summary>Different values whose patterns are looked at: the commonest.</summary>
    public const int MostShaped = 20_000;

    public const string DriftMeasure =
        "Population stability index of the records that came within a day of the newest, against those before: the sum of (new - old) x ln(new / old) over the ten commonest values, or tenths of the numbers, the rest and missing; under 0.1 steady, over 0.25 drifted.";

    private static readonly TimeSpan Recent = TimeSpan.FromDays(1);

    public static StreamProfile Of(StreamTable table, long records, DateTimeOffset now)
    {
        var rows = table.Rows();
        return new StreamProfile(table.Stream, records, rows.Count, table.Position, now,
            [.. table.Columns.Where(column => column.Distinct > 0 || rows.Count > 0).Select(column => Field(table, column, rows))],
            [.. table.Arrivals.Days.Select(day => new DayCount(day.Key, day.Value))], DriftMeasure, table.LeftOutFields);
    }

    private static FieldProfile Field(StreamTable table, TableColumn column, IReadOnlyList<TableRow> rows)
    {
        TableValue[] values = [.. column.Commonest()];
        var filled = values.Sum(value => value.Count);
        var (least, most) = Bounds(values);
        return new FieldProfile(column.Name, rows.Count == 0 ? 0 : 1 - (double)filled / rows.Count, column.Distinct, least, most,
            values.Length == 0 ? 0 : values.Min(value => value.Text.Length), values.Length == 0 ? 0 : values.Max(value => value.Text.Length),
            Shares(values, TypeOf, filled), Shares(values.Take(MostShaped), value => ValueShape.Of(value.Text), filled),
            [.. values.Take(MostShown).Select(value => new ValueShare(Cell.Clip(value.Text), value.Count, (double)value.Count / filled))], Drift(table, column, rows));
    }

    public static string TypeOf(TableValue value) => value.Token switch
    {
        JsonTokenType.True or JsonTokenType.False => "boolean",
        JsonTokenType.StartObject => "object",
        JsonTokenType.StartArray => "array",
        _ when value.TryNumber(out var number) => number == decimal.Truncate(number) ? "integer" : "number",
        _ when Moments.TryParse(System.Text.Encoding.UTF8.GetBytes(value.Text), out _, out var time) => time ? "datetime" : "date",
        _ => "text",
    };

    /// <summary>Of numbers the least and the greatest where nearly all are numbers, else the first and last text.</summary>
    private static (string? Least, string? Most) Bounds(TableValue[] values)
    {
        var numbers = new List<decimal>();
        foreach (var value in values)
            if (value.TryNumber(out var number))
                numbers.Add(number);
        if (values.Length == 0)
            return (null, null);
        return numbers.Count >= 0.9 * values.Length
            ? (numbers.Min().ToString(CultureInfo.InvariantCulture), numbers.Max().ToString(CultureInfo.InvariantCulture))
            : (Cell.Clip(values.Select(value => value.Text).Min(StringComparer.Ordinal)!), Cell.Clip(values.Select(value => value.Text).Max(StringComparer.Ordinal)!));
    }

    private static IReadOnlyList<ValueShare> Shares(IEnumerable<TableValue> values, Func<TableValue, string> kindOf, int all) =>
        [.. values.GroupBy(kindOf, StringComparer.Ordinal).Select(group => (Kind: group.Key, Count: group.Sum(value => value.Count)))
            .OrderByDescending(group => group.Count).ThenBy(group => group.Kind, StringComparer.Ordinal).Take(MostShown).Select(group => new ValueShare(group.Kind, group.Count, (double)group.Count / all))];

    private static double? Drift(StreamTable table, TableColumn column, IReadOnlyList<TableRow> rows)
    {
        if (table.Arrivals.Newest is not { } newest)
            return null;
        var field = table.NumberOf(column.Name);
        int[] fresh = [.. rows.Where(row => row.At >= newest - Recent).Select(row => row[field])];
        int[] before = [.. rows.Where(row => row.At < newest - Recent).Select(row => row[field])];
        return fresh.Length < LeastForDrift || before.Length < LeastForDrift ? null : Index(before, fresh, BinOf(column, before));
    }

    private static Func<int, int> BinOf(TableColumn column, int[] before)
    {
        var numbers = new List<decimal>();
        foreach (var number in before)
            if (column[number].TryNumber(out var value))
                numbers.Add(value);
        if (numbers.Count >= 0.9 * before.Count(number => number != 0) && numbers.Distinct().Count() > 20)
        {
            numbers.Sort();
            decimal[] tenths = [.. Enumerable.Range(1, 9).Select(i => numbers[i * numbers.Count / 10])];
            return number => number == 0 ? -1 : !column[number].TryNumber(out var value) ? -2 : tenths.Count(tenth => value >= tenth);
        }
        var common = before.Where(number => number != 0).GroupBy(number => number).OrderByDescending(group => group.Count()).ThenBy(group => column[group.Key].Text, StringComparer.Ordinal)
            .Take(MostShown).Select((group, i) => (group.Key, i)).ToDictionary(pair => pair.Key, pair => pair.i);
        return number => number == 0 ? -1 : common.GetValueOrDefault(number, -2);
    }

    private static double Index(int[] before, int[] fresh, Func<int, int> binOf)
    {
        const double Least = 0.0001;
        var (old, young) = (before.GroupBy(binOf).ToDictionary(g => g.Key, g => g.Count()), fresh.GroupBy(binOf).ToDictionary(g => g.Key, g => g.Count()));
        var sum = 0.0;
        foreach (var bin in old.Keys.Union(young.Keys).Order())
        {
            var (was, now) = (Math.Max(Least, (double)old.GetValueOrDefault(bin) / before.Length), Math.Max(Least, (double)young.GetValueOrDefault(bin) / fresh.Length));
            sum += (now - was) * Math.Log(now / was);
        }
        return Math.Round(sum, 4);
    }
}
