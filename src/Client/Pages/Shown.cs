using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sophia.Knowledge;
using Sophia.Pipelines;

namespace Sophia.Pages;

/// <summary>How numbers, times, states and links are written on every page.</summary>
internal static class Shown
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count with its noun.</summary>
    public static string Many(long number, string noun) => $"{Count(number)} {noun}{(number == 1 ? "" : "s")}";

    /// <summary>A name or path in at most so many characters; its end says more than its beginning.</summary>
    public static string Tail(string text, int length = 44) => text.Length <= length ? text : $"…{text[^(length - 1)..]}";

    /// <summary>The beginning of a value, in at most so many characters.</summary>
    public static string Head(string text, int length) => TextEnd.Clip(text, length);

    public static string Bytes(long bytes) => Sizes.Of(bytes);

    public static string Moment(DateTimeOffset? at) => at is { } moment ? moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : "–";

    public static string Span(TimeSpan span) => span.TotalSeconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        < 3_600 => $"{(int)span.TotalMinutes} min {span.Seconds} s",
        _ => $"{(int)span.TotalHours} h {span.Minutes} min",
    };

    public static string Score(double? score) => score is { } value ? value.ToString("0.0 %", CultureInfo.InvariantCulture) : "–";

    public static string State(RunView? run) => run?.State switch
    {
        null => "never run",
        RunState.Running => run.Waits is null ? "running" : run.Waits.Since is null ? "waits" : "waits for its turn",
        RunState.Paused => "paused",
        RunState.Succeeded when run.DryRun => "dry run done",
        RunState.Succeeded when !Changes(run) => "nothing new",
        RunState.Succeeded => run.SearchableAt is null ? "stored" : "searchable",
        RunState.Failed => "failed",
        _ => "cancelled",
    };

    /// <summary>What a passage was cut from.</summary>
    public static string Kind(ChunkKind kind) => kind switch
    {
        ChunkKind.Turns => "conversation",
        ChunkKind.Section => "document",
        ChunkKind.Entity => "table row",
        ChunkKind.Function => "code",
        _ => "passage",
    };

    public static bool Active(RunView? run) => run?.State is RunState.Running or RunState.Paused;

    /// <summary>Whether what is shown of a run will change within seconds.</summary>
    public static bool Moving(RunView? run) => run?.State == RunState.Running || run is { State: RunState.Succeeded, DryRun: false, SearchableAt: null } && Changes(run);

    /// <summary>Whether a run left something to be indexed; one that did not never becomes searchable.</summary>
    private static bool Changes(RunView run) => run.Counts.Stored + run.Counts.Deleted > 0;

    /// <summary>JSON as people read it; what is not JSON as it is.</summary>
    public static string Pretty(string json)
    {
        try
        {
            return JsonNode.Parse(json)!.ToJsonString(Indented);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // The latter: half of a surrogate pair.
        {
            return json;
        }
    }

    /// <summary>The page of a stored record version, its cited words marked.</summary>
    public static string RecordUrl(Citation citation)
    {
        var url = new StringBuilder($"/record?stream={Uri.EscapeDataString(citation.Stream)}&key={Uri.EscapeDataString(citation.Key)}&version={citation.Version}");
        foreach (var span in citation.Spans)
            url.Append("&span=").Append(Uri.EscapeDataString($"{span.Start}:{span.Length}:{span.Field}"));
        return url.Append("#cited").ToString();
    }
}
