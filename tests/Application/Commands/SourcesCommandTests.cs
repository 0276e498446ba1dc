using System.Text.Json;
using Sophia.Pipelines;

namespace Sophia.Commands;

/// <summary>A definition's connectors are tried on the command line, without a running Sophia.</summary>
public sealed class SourcesCommandTests : IDisposable
{
    private readonly BuiltProgram program = new();
    private readonly ScriptedConnector connector = new(ScriptedConnector.Stream("deals", incremental: true), ScriptedConnector.Stream("users"));

    public void Dispose()
    {
        program.Dispose();
        connector.Dispose();
    }

    [Fact]
    public async Task A_connector_says_what_it_needs_what_it_has_and_what_is_wrong()
    {
        var file = Define("token: openly");
        var spec = await program.Run("sources", "spec", file);
        Assert.True(spec.ExitCode == 0, spec.Error);
        Assert.Contains("token", spec.Output);
        Assert.Contains("config.token is a secret and stands openly", spec.Error);

        var streams = await program.Run("sources", "discover", file);
        Assert.True(streams.ExitCode == 0, streams.Error);
        Assert.Contains("incremental", streams.Output);
        Assert.Contains("users", streams.Output);
        var json = await program.Run("sources", "discover", file, "--json");
        Assert.Equal(2, JsonDocument.Parse(json.Output).RootElement.GetProperty("streams").GetArrayLength());

        Assert.Contains("accepts its configuration", (await program.Run("sources", "check", file)).Output);
        connector.Check("""echo '{"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED","message":"Unknown key: openly"}}'""");
        var refused = await program.Run("sources", "check", file);
        Assert.Equal((1, "crm: Unknown key: ********"), (refused.ExitCode, refused.Error.Split('\n').First(line => line.Contains("Unknown", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_secret_that_is_not_there_is_named_and_so_is_a_definition_without_a_connector()
    {
        Assert.Contains("the secret env:NO_SUCH_VARIABLE is not to be had", (await program.Run("sources", "check", Define("token: \"${env:NO_SUCH_VARIABLE}\""))).Error);
        var files = Path.Combine(connector.Folder, "files.yaml");
        File.WriteAllText(files, "name: x\nsource: {type: files, path: /tmp}\n");
        Assert.Contains("has no source of type airbyte", (await program.Run("sources", "check", files)).Error);
    }

    private string Define(string config)
    {
        var file = Path.Combine(connector.Folder, "crm.yaml");
        File.WriteAllText(file, $"source:\n  type: airbyte\n  name: crm\n  command: {JsonSerializer.Serialize(connector.Command)}\n  config:\n    {config}\n");
        return file;
    }
}
