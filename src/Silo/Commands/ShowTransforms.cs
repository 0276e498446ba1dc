using Sophia.Pipelines;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Prints what transforms did in a run, and records before and after.</summary>
internal static class ShowTransforms
{
    public static void Print(RunView run)
    {
        if (run.Transforms is not { Count: > 0 } streams)
            return;
        AnsiConsole.MarkupLine(run.TransformsSince is { } since ? $"Transformed, by stream and step (another silo took the run over; counted since {Show.Moment(since)}):" : "Transformed, by stream and step:");
        Show.Rows(["stream", "transform", "in", "out", "values nulled", "failed"], streams.SelectMany(Lines));
        foreach (var stream in streams)
            foreach (var (number, sample) in stream.Samples.Index())
            {
                AnsiConsole.MarkupLine($"[bold]{Show.Plain(stream.Stream)}, record {number + 1}[/]{(sample.Records > 1 ? $" [dim]becomes {Show.Number(sample.Records)} records, of which this is the first[/]" : sample.After is null ? " [dim]is filtered[/]" : "")}");
                Difference(sample.Before, sample.After, "nothing: filtered");
            }
    }

    /// <summary>Two records beside each other, field by field; whole where they cannot be taken apart.</summary>
    public static void Difference(string? before, string? after, string without)
    {
        if (before is null || after is null || JsonDifference.Between(before, after) is not { } changes)
        {
            AnsiConsole.MarkupLine($"  before  {Show.Plain(before ?? "(not shown: the stream masks values)", 2_000)}");
            AnsiConsole.MarkupLine($"  after   {Show.Plain(after ?? without, 2_000)}");
        }
        else if (changes.Count == 0)
            AnsiConsole.MarkupLine("  [dim]nothing in it is changed[/]");
        else
            Show.Rows(["  field", "before", "after"], changes.Select(change => new[] { $"  {Show.Plain(change.Field)}", Value(change.Before), Value(change.After) }));
    }

    private static IEnumerable<string[]> Lines(StreamTransformView stream)
    {
        foreach (var step in stream.Steps ?? [])
            yield return [step.Number == 1 ? Show.Plain(stream.Stream) : "", Show.Plain($"{step.Number}. {step.Step}"), Show.Number(step.In), Show.Number(step.Out), Show.Number(step.Nulled), Show.Number(step.Failed)];
        yield return [stream.Steps is { Count: > 0 } ? "" : Show.Plain(stream.Stream), $"all{(stream.Counts.Filtered > 0 ? $" ({Show.Number(stream.Counts.Filtered)} filtered)" : "")}",
            Show.Number(stream.Counts.In), Show.Number(stream.Counts.Out), Show.Number(stream.Counts.Nulled), Show.Number(stream.Counts.Failed)];
    }

    private static string Value(string? json) => json is null ? "[dim]not there[/]" : Show.Plain(json, 100);
}
