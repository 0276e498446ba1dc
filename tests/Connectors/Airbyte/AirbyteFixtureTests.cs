using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sophia.Pipelines;

/// <summary>Every record that real connectors were seen to emit goes through a connector's process unchanged.</summary>
public sealed class AirbyteFixtureTests : IDisposable
{
    private readonly AirbyteUnderTest airbyte = new();

    public void Dispose() => airbyte.Dispose();

    [SharedDataTheory]
    [InlineData("source-close-com", 123)]
    [InlineData("source-github", 41)]
    [InlineData("source-intercom", 36)]
    [InlineData("source-jira", 159)]
    [InlineData("source-slack", 17)]
    public async Task Every_record_of_a_fixture_arrives_byte_for_byte_in_its_stream_and_in_order(string name, int expected)
    {
        var folder = Path.Combine(SharedData.Root!, "airbyte_fixtures", name);
        var lines = File.ReadLines(Path.Combine(folder, "integration_tests", "expected_records.jsonl")).Where(line => line.Length > 0).ToArray();
        Assert.Equal(expected, lines.Length);
        using var connector = new ScriptedConnector();
        connector.Catalog([.. Catalogs(folder, lines)]);
        connector.Plays(lines.Select(line => $$$"""{"type":"RECORD","record":{{{line}}}}"""));

        var reading = await airbyte.Read(connector);

        Assert.Null(reading.Failure);
        Assert.Empty(reading.Bad);
        Assert.Equal(expected, reading.Records.Count);
        for (var i = 0; i < expected; i++)
        {
            using var document = JsonDocument.Parse(lines[i]);
            Assert.Equal($"crm/{document.RootElement.GetProperty("stream").GetString()}", reading.Records[i].Stream);
            var data = document.RootElement.GetProperty("data").GetRawText();
            Assert.Equal(data, Encoding.UTF8.GetString(reading.Records[i].Payload.Span));
            Assert.Equal(Canonical(JsonNode.Parse(data)), Canonical(JsonNode.Parse(reading.Records[i].Payload.Span)));
        }
    }

    // The catalogs of the fixtures, their empty schemas filled from the connector's own files; streams that only the records know are added.
    private static IEnumerable<string> Catalogs(string folder, string[] lines)
    {
        var streams = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(folder, "*catalog*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            foreach (var stream in JsonNode.Parse(File.ReadAllText(file))!["streams"]!.AsArray())
                if ((stream!["stream"] ?? stream) is JsonObject declared && (string?)declared["name"] is { } name && !streams.ContainsKey(name))
                {
                    if (Directory.GetFiles(folder, $"{name}.json", SearchOption.AllDirectories).FirstOrDefault(path => path.Contains("schemas", StringComparison.Ordinal)) is { } schema)
                        declared["json_schema"] = JsonNode.Parse(File.ReadAllText(schema));
                    streams[name] = declared.ToJsonString();
                }
        foreach (var line in lines)
            if ((string)JsonNode.Parse(line)!["stream"]! is var name && !streams.ContainsKey(name))
                streams[name] = ScriptedConnector.Stream(name, key: "");
        return streams.Values;
    }

    private static string Canonical(JsonNode? node) => node switch
    {
        JsonObject fields => $"{{{string.Join(',', fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"{JsonSerializer.Serialize(field.Key)}:{Canonical(field.Value)}"))}}}",
        JsonArray items => $"[{string.Join(',', items.Select(Canonical))}]",
        null => "null",
        _ => node.ToJsonString(),
    };
}
