using System.Buffers;
using System.Text.Json;
using Sophia.Log;

namespace Sophia.Quality;

/// <summary>The audit entries of decisions on suggestions.</summary>
internal static class QualityAudit
{
    public static NewEntry Entry(Suggestion suggestion, string stream, string what, string why, string by)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("who", by);
            json.WriteString("what", what);
            json.WriteString("why", why);
            json.WriteString("stream", stream);
            json.WriteString("suggestion", suggestion.Id);
            json.WriteString("rule", suggestion.Rule);
            json.WriteString("evidence", $"{suggestion.Says} {suggestion.Support} for, {suggestion.Against} against.");
            json.WriteEndObject();
        }
        var payload = buffer.WrittenSpan.ToArray();
        return new NewEntry(EntryType.Audit, OwnStreams.Audit, $"quality/{suggestion.Id}", RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
    }
}

/// <summary>What one pipeline's definition says of a stream, each rule with where it comes from.</summary>
internal sealed class PipelineRules(Pipelines.StreamDefinition stream, Pipelines.PipelineDefinition definition, int version)
{
    public IReadOnlyList<RuleDefinition> Rules => stream.Rules;

    public IReadOnlyDictionary<string, string> Headers => stream.Headers;

    public string HeaderOf(string field) => stream.HeaderOf(field);

    public IReadOnlyDictionary<RuleDefinition, string> Sources { get; } = stream.Rules.Distinct().ToDictionary(rule => rule,
        rule => $"pipeline {definition.Name}, version {version}, {(definition.Accepted.Any(accepted => ReferenceEquals(accepted.Rule, rule)) ? "accepted from a suggestion" : $"line {rule.Line}")}");
}
