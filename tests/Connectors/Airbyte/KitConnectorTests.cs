using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Sophia.Pipelines;

/// <summary>Needs Node and the connector kit that "npm ci" puts into tests/Connectors/Airbyte/js; says what is missing where they are not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KitFactAttribute : FactAttribute
{
    public KitFactAttribute() => Skip = !Directory.Exists(Path.Combine(Folder, "node_modules", "faros-airbyte-cdk")) ? "no faros-airbyte-cdk: run npm ci in tests/Connectors/Airbyte/js"
        : !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "node"))) ? "no Node" : null;

    public static string Folder { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Sophia.sln")))
                return Path.Combine(folder.FullName, "tests", "Connectors", "Airbyte", "js");
        return AppContext.BaseDirectory;
    }
}

/// <summary>A connector whose protocol was written by others: a small source over a public kit, in Node.</summary>
public sealed class KitConnectorTests : IDisposable
{
    private readonly AirbyteUnderTest airbyte = new();

    public KitConnectorTests() => airbyte.Secrets["KIT_TOKEN"] = "right-token";

    public void Dispose() => airbyte.Dispose();

    [KitFact]
    public async Task A_kit_s_connector_is_checked_discovered_and_read_and_goes_on_from_its_own_opaque_state()
    {
        var inspector = new ConnectorInspector(Options.Create(airbyte.Options), airbyte, TimeProvider.System);
        Assert.Null((await inspector.Check("acme", Source(25), default)).Failure);
        var discovered = await inspector.Discover("acme", Source(25), default);
        Assert.Equal([("builds", true, "id"), ("teams", false, "org, uid")], discovered.Streams.Select(stream => (stream.Name, stream.Incremental, stream.Key)));
        Assert.Equal(["config.open"], (await inspector.Spec("acme", Source(25), default)).OpenSecrets);

        var first = await Read(Source(25), null, "run-1");
        Assert.Null(first.Failure);
        Assert.Empty(first.Bad);
        Assert.Equal(28, first.Records.Count);
        Assert.Equal("b-25", first.Records[24].Key);
        Assert.Equal("""naïve "quotes" and \ number 1""", JsonDocument.Parse(first.Records[0].Payload).RootElement.GetProperty("log").GetString());
        Assert.Equal("a\\/b/3", first.Records[^1].Key);
        Assert.Equal(["crm/teams"], first.Whole!.Keys);

        var second = await Read(Source(27), first.State, "run-2");
        Assert.Equal(["b-26", "b-27"], second.Records.Where(record => record.Stream == "crm/builds").Select(record => record.Key));
    }

    [KitFact]
    public async Task A_wrong_token_is_what_the_connector_says_it_is()
    {
        airbyte.Secrets["KIT_TOKEN"] = "wrong-token";
        var inspector = new ConnectorInspector(Options.Create(airbyte.Options), airbyte, TimeProvider.System);
        Assert.Contains("the token is wrong", (await inspector.Check("acme", Source(1), default)).Failure);
        var reading = await Read(Source(1), null, "run-1");
        Assert.Contains("the token is wrong (the connector ended with exit code 0", reading.Failure!.Message);
        Assert.DoesNotContain("wrong-token", string.Join('\n', reading.Lines) + reading.Failure.Message);
    }

    private static SourceDefinition Source(int builds) => new("airbyte", new Dictionary<string, string>
    {
        ["name"] = "kit", ["command"] = JsonSerializer.Serialize(new[] { "node", Path.Combine(KitFactAttribute.Folder, "source.cjs") }),
        ["config"] = $$"""{"token":"${env:KIT_TOKEN}","builds":{{builds}},"open":"not-a-reference"}""",
    });

    private async Task<Reading> Read(SourceDefinition source, string? state, string run)
    {
        await using var reader = await airbyte.Kind.Open(new SourceContext("acme", "crm", source) { Run = run }, new SourcePartition("read", run, 0), state, default);
        return await AirbyteUnderTest.Drain(reader);
    }
}
