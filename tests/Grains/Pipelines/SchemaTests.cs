using System.Text.Json;
using System.Text.RegularExpressions;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>docs/pipeline.schema.json and the reader know the same words.</summary>
public sealed class SchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root(), "docs", "pipeline.schema.json"))).RootElement;

    [Fact]
    public void The_schema_names_the_keys_that_the_reader_knows()
    {
        Same(PipelineDefinitionReader.TopKeys, Schema);
        Same(PipelineDefinitionReader.StreamKeys, Definition("stream"));
        Same(PipelineDefinitionReader.GateKeys, Definition("gate"));
        Same(PipelineDefinitionReader.RetentionKeys, Definition("retention"));
        Same(RuleReader.Keys, Definition("rule"));
        Same(TransformReader.Kinds, Definition("transform"));
        Same(TransformReader.CastKeys, Definition("cast"));
        Same(TransformReader.FlattenKeys, Definition("flatten"));
        Same(TransformReader.SplitKeys, Definition("split"));
        Same(AirbyteSourceRules.StreamKeys, Definition("airbyte-stream"));
        foreach (var (type, keys) in SourceReader.Known)
            Same(keys, Definition($"source-{type}"));
        Assert.Equal(SourceReader.Known.Keys.Order(), Definition("source").GetProperty("oneOf").EnumerateArray().Select(one => one.GetProperty("$ref").GetString()!.Split("source-")[1]).Order());
    }

    [Fact]
    public void The_schema_names_the_values_that_the_reader_knows()
    {
        Assert.Equal(PipelineDefinitionReader.Modes, Values(Definition("stream").GetProperty("properties").GetProperty("mode")));
        Assert.Equal(AirbyteSourceRules.Modes, Values(Definition("airbyte-stream").GetProperty("properties").GetProperty("mode")));
        Assert.Equal(AirbyteSourceRules.SchemaLevels, Values(Definition("source-airbyte").GetProperty("properties").GetProperty("schema")));
        Assert.Equal(CastStep.Types, Values(Definition("cast").GetProperty("properties").GetProperty("type")));
        Assert.Equal(RuleReader.Types, Values(Definition("rule").GetProperty("properties").GetProperty("type").GetProperty("additionalProperties")));
        Assert.Equal(RuleReader.Formats, Values(Definition("rule").GetProperty("properties").GetProperty("format").GetProperty("additionalProperties")));
    }

    [Theory]
    [InlineData("audit")]
    [InlineData("audit/x")]
    [InlineData("chat/s1")]
    [InlineData("audits")]
    [InlineData("files/chat")]
    public void The_schema_and_the_reader_keep_the_same_streams_for_Sophia(string stream)
    {
        foreach (var names in new[] { Definition("source-files").GetProperty("properties").GetProperty("stream"), Definition("source-webhook").GetProperty("properties").GetProperty("stream"), Schema.GetProperty("properties").GetProperty("streams").GetProperty("propertyNames") })
            Assert.Equal(OwnStreams.Include(stream), Regex.IsMatch(stream, names.GetProperty("not").GetProperty("pattern").GetString()!));
    }

    [Fact]
    public void Every_sample_is_a_definition_without_mistakes()
    {
        var samples = Directory.GetFiles(Path.Combine(Root(), "samples", "pipelines"));
        Assert.NotEmpty(samples);
        foreach (var sample in samples)
            Assert.Empty(PipelineDefinitionReader.Read(File.ReadAllText(sample), Path.GetFileName(sample)).Errors);
    }

    private static void Same(string[] known, JsonElement schema)
    {
        Assert.Equal(known.Order(StringComparer.Ordinal), schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
    }

    private static JsonElement Definition(string name) => Schema.GetProperty("$defs").GetProperty(name);

    private static IEnumerable<string> Values(JsonElement schema) => schema.GetProperty("enum").EnumerateArray().Select(value => value.GetString()!);

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Sophia.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        return folder;
    }
}
