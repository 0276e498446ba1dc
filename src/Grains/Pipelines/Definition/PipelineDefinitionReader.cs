using Sophia.Log;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>What a definition's text says, or every mistake in it.</summary>
public sealed record PipelineDefinitionResult(PipelineDefinition? Definition, IReadOnlyList<string> Errors);

/// <summary>Reads a pipeline's definition from YAML or JSON, all mistakes at once, each as "file:line: where: expected …, found …".</summary>
/// <remarks>The published schema, docs/pipeline.schema.json, says the same; a test keeps the two in step.</remarks>
public static class PipelineDefinitionReader
{
    internal static readonly string[] TopKeys = ["accepted", "description", "gate", "name", "parallelism", "schedule", "source", "sources", "streams"];
    internal static readonly string[] StreamKeys = ["headers", "key", "mode", "retention", "rules", "transforms"];
    internal static readonly string[] RetentionKeys = ["days", "expire", "versions"];
    internal static readonly string[] GateKeys = ["failWhenEmpty", "floors", "minimumScore", "minimumShareOfUsual"];
    internal static readonly string[] AcceptedKeys = ["because", "rule", "stream"];
    internal static readonly string[] Modes = ["append", "deduplicated"];

    /// <summary>The most partitions that are read at once.</summary>
    public const int MaxParallelism = 64;

    /// <summary>The most days that a stream's retention may state: a century.</summary>
    public const int MaxRetentionDays = 36_500;

    /// <summary>The most versions of a record that a retention may state.</summary>
    public const int MaxRetentionVersions = 1_000_000;

    /// <param name="text">YAML or JSON.</param>
    /// <param name="fileName">The name that mistakes are reported under.</param>
    /// <param name="name">The pipeline's name where it is known; the text may leave it out, but not contradict it.</param>
    public static PipelineDefinitionResult Read(string text, string fileName, string? name = null)
    {
        var errors = new DefinitionErrors(fileName);
        PipelineDefinition? definition = null;
        try
        {
            if (DefinitionMapping.Of(DefinitionText.Parse(text), "", errors) is { } top)
                definition = Read(top, name);
        }
        catch (DefinitionTextException wrong)
        {
            errors.Add(wrong.Line, "", wrong.Message);
        }
        return errors.Any ? new PipelineDefinitionResult(null, errors.Lines) : new PipelineDefinitionResult(definition, []);
    }

    private static PipelineDefinition Read(DefinitionMapping top, string? name)
    {
        top.OnlyKnows(TopKeys);
        var accepted = Accepted(top);
        var stated = Streams(top);
        var pipeline = Name(top, name);
        return new PipelineDefinition
        {
            Name = pipeline,
            Sources = Sources(top),
            Schedule = Schedule(top),
            Streams = With(new PipelineDefinition { Name = pipeline, Streams = stated }, accepted),
            Accepted = accepted,
            Gate = Gate(top),
            Parallelism = top.Integer("parallelism", 0, MaxParallelism) ?? 0,
        };
    }

    private static string Name(DefinitionMapping top, string? known)
    {
        var text = top.Text("name");
        if (text is null && known is null && top.Find("name") is null)
            top.Missing("name", "a name of a-z, 0-9 and '-'");
        else if (text is not null && !TenantId.IsName(text))
            top.Errors.Expected(top.Find("name")!, "name", "1 to 63 of a-z, 0-9 and '-', not starting with '-'");
        else if (text is not null && known is not null && text != known)
            top.Errors.Expected(top.Find("name")!, "name", $"\"{known}\", the pipeline that is being defined");
        return text ?? known ?? "";
    }

    private static IReadOnlyList<SourceDefinition> Sources(DefinitionMapping top)
    {
        var reader = new SourceReader(top.Errors);
        var (one, many) = (top.Find("source"), top.Find("sources"));
        if (one is not null && many is not null)
            top.Errors.Add(top.LineOf("source"), "source", "expected either source or sources, found both");
        else if (one is null && many is null)
            top.Missing("sources", "at least one source");
        if (one is not null)
            reader.Read(one, "source");
        else if (many is DefinitionNode.Sequence list)
            for (var i = 0; i < list.Items.Count; i++)
                reader.Read(list.Items[i], $"sources[{i}]");
        else if (many is not null)
            top.Errors.Expected(many, "sources", "a list of sources");
        return reader.Sources;
    }

    private static string? Schedule(DefinitionMapping top)
    {
        if (top.Text("schedule") is not { } text)
            return null;
        if (PipelineSchedule.Parse(text) is null)
            top.Errors.Expected(top.Find("schedule")!, "schedule", PipelineSchedule.Expectation);
        return text;
    }

    private static Dictionary<string, StreamDefinition> Streams(DefinitionMapping top)
    {
        var streams = new Dictionary<string, StreamDefinition>(StringComparer.Ordinal);
        foreach (var entry in top.Mapping("streams")?.Entries ?? [])
        {
            if (DefinitionMapping.Of(entry.Value, $"streams.{entry.Key}", top.Errors) is not { } stream)
                continue;
            if (OwnStreams.Include(entry.Key))
                top.Errors.Add(entry.Line, "streams", $"expected {OwnStreams.Expectation}, found \"{entry.Key}\"");
            stream.OnlyKnows(StreamKeys);
            streams[entry.Key] = new StreamDefinition
            {
                Key = stream.Texts("key"),
                Mode = Mode(stream),
                Headers = Headers(stream),
                Retention = Retention(stream),
                Transforms = stream.Find("transforms") is { } transforms ? new TransformReader(top.Errors).Read(transforms, stream.At("transforms")) : [],
                Rules = stream.Find("rules") is { } rules ? new RuleReader(top.Errors).Read(rules, stream.At("rules")) : [],
            };
        }
        return streams;
    }

    private static RetentionDefinition? Retention(DefinitionMapping stream)
    {
        if (stream.Mapping("retention") is not { } stated)
            return null;
        stated.OnlyKnows(RetentionKeys);
        var retention = new RetentionDefinition(stated.Integer("days", 1, MaxRetentionDays), stated.Integer("versions", 1, MaxRetentionVersions), stated.YesOrNo("expire") ?? false);
        if (stated.Find("days") is null && stated.Find("versions") is null)
            stated.Missing("days", "days, versions or both");
        else if (retention is { Expire: true } && stated.Find("days") is null)
            stated.Missing("days", "the days after which records expire");
        return retention;
    }

    private static Dictionary<string, string> Headers(DefinitionMapping stream)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in stream.Mapping("headers")?.Entries ?? [])
            if (entry.Value is not DefinitionNode.Scalar { Text: { Length: > 0 } field })
                stream.Errors.Expected(entry.Value, stream.At($"headers.{entry.Key}"), "the name that rules use for this field");
            else if (!headers.TryAdd(field, entry.Key))
                stream.Errors.Add(entry.Line, stream.At("headers"), $"expected each name once, found \"{field}\" for {headers[field]} and {entry.Key}");
        return headers;
    }

    private static List<AcceptedRule> Accepted(DefinitionMapping top)
    {
        var accepted = new List<AcceptedRule>();
        if (top.Find("accepted") is not { } node)
            return accepted;
        if (node is not DefinitionNode.Sequence list)
        {
            top.Errors.Expected(node, "accepted", "a list of rules with their streams");
            return accepted;
        }
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (DefinitionMapping.Of(list.Items[i], $"accepted[{i}]", top.Errors) is not { } item)
                continue;
            item.OnlyKnows(AcceptedKeys);
            if (item.Text("stream") is not { Length: > 0 } stream || item.Mapping("rule") is not { } rule)
                item.Missing(item.Find("rule") is null ? "rule" : "stream", "a stream and one rule");
            else
                foreach (var read in new RuleReader(top.Errors).One(rule))
                    accepted.Add(new AcceptedRule(stream, read, item.Text("because")));
        }
        return accepted;
    }

    /// <summary>The stated streams, each with the accepted rules that are its own.</summary>
    private static Dictionary<string, StreamDefinition> With(PipelineDefinition stated, List<AcceptedRule> accepted)
    {
        var streams = new Dictionary<string, StreamDefinition>(stated.Streams, StringComparer.Ordinal);
        foreach (var group in accepted.GroupBy(rule => rule.Stream, StringComparer.Ordinal))
        {
            var before = stated.StreamOf(group.Key) ?? new StreamDefinition();
            streams[streams.Keys.FirstOrDefault(name => name != "*" && streams[name] == before) ?? group.Key] = before with { Rules = [.. before.Rules, .. group.Select(rule => rule.Rule)] };
        }
        return streams;
    }

    private static SyncMode Mode(DefinitionMapping stream)
    {
        var text = stream.Text("mode");
        if (text is not null && !Modes.Contains(text))
            stream.Errors.Expected(stream.Find("mode")!, stream.At("mode"), "deduplicated or append");
        return text == "append" ? SyncMode.Append : SyncMode.Deduplicated;
    }

    private static GateDefinition Gate(DefinitionMapping top)
    {
        var defaults = new GateDefinition();
        if (top.Mapping("gate") is not { } gate)
            return defaults;
        gate.OnlyKnows(GateKeys);
        var floors = new Dictionary<string, double>(StringComparer.Ordinal);
        if (gate.Mapping("floors") is { } mapping)
            foreach (var entry in mapping.Entries)
                if (mapping.Number(entry.Key, 0, 1) is { } floor)
                    floors[entry.Key] = floor;
        return new GateDefinition
        {
            MinimumScore = gate.Number("minimumScore", 0, 1) ?? defaults.MinimumScore,
            MinimumShareOfUsual = gate.Number("minimumShareOfUsual", 0, 1) ?? defaults.MinimumShareOfUsual,
            FailWhenEmpty = gate.YesOrNo("failWhenEmpty") ?? defaults.FailWhenEmpty,
            Floors = floors,
        };
    }
}
