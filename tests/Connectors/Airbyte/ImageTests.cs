using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Images are run through docker: here through a script in its place, which plays what docker would do with what it is told.</summary>
public sealed class ImageTests : IDisposable
{
    private const string Docker = """
        #!/bin/sh
        here=$(dirname "$0")
        echo "$@" >> "$here/calls"
        case $1 in
          image) echo 'sha256:1234 [airbyte/source-x@sha256:5678]';;
          rm) ;;
          run)
            while [ "$1" != airbyte/source-x:1.2.3 ]; do [ "$1" = --volume ] && folder=${2%%:*}; shift; done
            shift; verb=$1; shift
            stat -c '%a %n' "$folder" "$folder"/* | sed "s,$folder,F," >> "$here/modes"
            set -- $(echo "$@" | sed "s,/sophia/,$folder/,g")
            exec /bin/sh "$here/connector.sh" "$verb" "$@";;
        esac
        """;

    private readonly AirbyteUnderTest airbyte = new();
    private readonly ScriptedConnector connector = new();

    public ImageTests()
    {
        var docker = Path.Combine(connector.Folder, "docker");
        File.WriteAllText(docker, Docker);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(docker, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        airbyte.Options.Docker = docker;
        airbyte.Secrets["TOKEN"] = "very-secret-token";
    }

    public void Dispose()
    {
        connector.Dispose();
        airbyte.Dispose();
    }

    [Fact]
    public async Task An_image_is_named_mounted_read_only_and_recorded_by_its_id_and_no_secret_is_on_its_command_line()
    {
        connector.Plays([ScriptedConnector.Deal(1)]);
        var reading = await Read();
        Assert.Null(reading.Failure);
        Assert.Single(reading.Records);
        Assert.Contains("Connector: airbyte/source-x:1.2.3 sha256:1234 [airbyte/source-x@sha256:5678]; protocol 0.3.2", reading.Lines);
        var calls = connector.Written("calls");
        Assert.Matches("run --rm --init --name sophia-[0-9a-f]{16} --volume .+/files:/sophia:ro airbyte/source-x:1.2.3 read --config /sophia/config.json --catalog /sophia/catalog.json", calls);
        Assert.DoesNotContain("very-secret", calls);
        Assert.Contains("755 F\n644 F/catalog.json\n644 F/config.json\n", connector.Written("modes"));
    }

    [Fact]
    public async Task A_container_whose_client_had_to_be_killed_is_removed_by_name()
    {
        airbyte.Options.Grace = TimeSpan.FromMilliseconds(200);
        connector.Plays([ScriptedConnector.Deal(1)], "trap '' TERM\necho $$ > \"$here/pid\"\nwhile :; do sleep 1; done");
        Assert.NotNull((await airbyte.ReadWhileItHangs(Context(), connector, records: 1, "pid")).Failure);
        var name = System.Text.RegularExpressions.Regex.Match(connector.Written("calls").Split('\n').Last(line => line.Contains(" read ", StringComparison.Ordinal)), "sophia-[0-9a-f]{16}").Value;
        Assert.Contains($"rm --force {name}", connector.Written("calls"));
    }

    [Fact]
    public async Task A_machine_without_docker_is_told_so()
    {
        airbyte.Options.Docker = "/no/such/docker";
        var reading = await Read();
        Assert.Contains("image airbyte/source-x:1.2.3 cannot be run: /no/such/docker is not on this machine", reading.Failure!.Message);
        Assert.False(reading.Failure.Transient);
    }

    private async Task<Reading> Read()
    {
        await using var reader = await airbyte.Kind.Open(Context(), new SourcePartition("read", "r", 0), null, default);
        return await AirbyteUnderTest.Drain(reader);
    }

    private SourceContext Context() =>
        new("acme", "crm", new SourceDefinition("airbyte", new Dictionary<string, string>(connector.Settings) { ["image"] = "airbyte/source-x:1.2.3", ["config"] = """{"token":"${env:TOKEN}"}""" })) { Run = "r" };
}
