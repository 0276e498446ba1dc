using System.Text;
using Sophia.Log;

namespace Sophia.Quality;

/// <summary>A stream's table, made from rows of a log.</summary>
internal static class StreamUnderTest
{
    public static readonly DateTimeOffset Began = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static StreamTable Table(IEnumerable<string> payloads, string stream = "s") => Table(payloads.Select((json, i) => Row(stream, $"k{i:0000}", json, i + 1)), stream);

    public static StreamTable Table(IEnumerable<LogEntry> rows, string stream = "s", int maxRows = StreamTable.DefaultRows)
    {
        var table = new StreamTable(stream, maxRows);
        foreach (var row in rows)
            table.Take(row);
        return table;
    }

    public static LogEntry Row(string stream, string key, string? json, long position, DateTimeOffset? at = null) => new(position, EntryType.Record, stream, key, position,
        json is null ? RecordOperation.Delete : RecordOperation.Upsert, Encoding.UTF8.GetBytes(json ?? "{}"), default, at ?? Began, "crm-20240601-120000-1", 0);

    public static IReadOnlyList<Finding> Find(StreamTable table, RuleDefinition rule, StreamTable? other = null)
    {
        var checks = new StreamChecks(table, name => other?.Stream == name ? other : null, Began);
        checks.Ask(new StatedRule(rule, field => field, "a test"));
        return checks.Findings;
    }

    public static RuleDefinition Over(RuleKind kind, string field, params string[] values) => GateUnderTest.Rule(kind, field, RuleLevel.Warning, values);
}
