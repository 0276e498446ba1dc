using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Sophia.Postgres;
using Sophia.Servers;

namespace Sophia.Commands;

/// <summary>The doctor as people call it.</summary>
public sealed class DoctorCommandTests : IDisposable
{
    private const string Marker = "s3cr3t-marker";
    private readonly BuiltProgram program = new();

    public void Dispose() => program.Dispose();

    [Fact]
    public async Task A_machine_with_all_that_is_set_up_is_well_and_nothing_is_started_or_left()
    {
        // What it looks at it waits for so long, and no longer.
        var (_, output, _) = await Eventually.Get(() => program.Run("doctor", "--json"), ran => ran.ExitCode == 0, "a machine that is well");
        var diagnosis = JsonDocument.Parse(output).RootElement;
        Assert.True(diagnosis.GetProperty("ok").GetBoolean());
        Assert.Equal("NotNeeded", State(diagnosis, "PostgreSQL"));
        Assert.Equal("Ok", State(diagnosis, "data folder"));
        Assert.False(Directory.Exists(program.Folder));
    }

    [Fact]
    public async Task What_is_missing_is_named_with_what_to_do_and_fails_and_no_secret_is_said()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        program.Environment["SOPHIA_URL"] = $"http://127.0.0.1:{port}";
        program.Environment["SOPHIA_POSTGRES"] = $"Host=127.0.0.1;Port={Closed()};Database=d;Username=u;Password={Marker}";
        program.Environment["SOPHIA_REDIS"] = $"127.0.0.1:{Closed()},password={Marker}";
        program.Environment["SOPHIA_EMBEDDING_URL"] = $"http://127.0.0.1:{Closed()}/v1";
        program.Environment["SOPHIA_EMBEDDING_MODEL"] = "m";
        program.Environment["SOPHIA_EMBEDDING_KEY"] = Marker;
        program.Environment["SOPHIA_POSTGRES_LIMT"] = "500GiB";
        var (code, output, error) = await program.Run("doctor", "--json");
        Assert.Equal(ExitCodes.Failed, code);
        var diagnosis = JsonDocument.Parse(output).RootElement;
        Assert.False(diagnosis.GetProperty("ok").GetBoolean());
        Assert.Equal("Missing", State(diagnosis, "address "));
        Assert.Equal("Missing", State(diagnosis, "PostgreSQL 127.0.0.1"));
        Assert.Equal("Missing", State(diagnosis, "Redis 127.0.0.1"));
        Assert.Equal("Missing", State(diagnosis, "embedding model"));
        Assert.Equal("Warning", State(diagnosis, "SOPHIA_POSTGRES_LIMT"));
        var (_, said, _) = await program.Run("doctor");
        Assert.Contains("Did you mean SOPHIA_POSTGRES_LIMIT?", said);
        Assert.Contains("things that are needed are missing.", said);
        Assert.DoesNotContain(Marker, output + error + said);
    }

    [Fact]
    public async Task A_folder_that_is_served_is_said_to_be_and_its_address_is_its_own()
    {
        var (process, url, _) = await program.Up();
        program.Environment["SOPHIA_URL"] = url;
        var (code, output, _) = await program.Run("doctor", "--json");
        var diagnosis = JsonDocument.Parse(output).RootElement;
        Assert.True(code == 0, output);
        Assert.Contains($"process {process.Id} serves it at {url}", Find(diagnosis, "data folder").GetProperty("seen").GetString());
        Assert.Contains("in use by the Sophia", Find(diagnosis, "address ").GetProperty("seen").GetString());
    }

    [PostgresFact]
    public async Task A_PostgreSQL_is_asked_for_its_version_and_its_role()
    {
        using var scratch = new ScratchDatabase(empty: true);
        program.Environment["SOPHIA_POSTGRES"] = scratch.Silo;
        var without = JsonDocument.Parse((await program.Run("doctor", "--json")).Output).RootElement;
        Assert.Contains("SOPHIA_POSTGRES_OWNER", without.GetProperty("findings").EnumerateArray().First(finding => finding.GetProperty("part").GetString()!.EndsWith("schema", StringComparison.Ordinal)).GetProperty("do").GetString());
        program.Environment["SOPHIA_POSTGRES_OWNER"] = scratch.Owner;
        var (_, output, _) = await program.Run("doctor", "--json");
        Assert.Contains("version 1", Find(JsonDocument.Parse(output).RootElement, "PostgreSQL").GetProperty("seen").GetString());
        Assert.DoesNotContain("clock", output);
        program.Environment["SOPHIA_POSTGRES"] = scratch.Superuser;
        Assert.Contains("BYPASSRLS", (await program.Run("doctor", "--json")).Output);
        program.Environment["SOPHIA_POSTGRES"] = scratch.SiloWith("wrong");
        Assert.Contains("password authentication failed", (await program.Run("doctor", "--json")).Output);
    }

    [ToolFact("redis-server")]
    public async Task A_Redis_is_asked_in_its_own_protocol()
    {
        var port = Closed();
        using var redis = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--requirepass", Marker, "--save", "", "--maxmemory-policy", "allkeys-lru"]) { RedirectStandardOutput = true })!;
        try
        {
            while (await redis.StandardOutput.ReadLineAsync() is { } line && !line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
            }
            program.Environment["SOPHIA_REDIS"] = $"127.0.0.1:{port},password={Marker}";
            var (_, output, _) = await program.Run("doctor", "--json");
            Assert.Contains("maxmemory-policy = allkeys-lru", output);
            Assert.Contains("appendonly = no", output);
            Assert.StartsWith("version ", Find(JsonDocument.Parse(output).RootElement, $"Redis 127.0.0.1:{port}").GetProperty("seen").GetString());
            program.Environment["SOPHIA_REDIS"] = $"127.0.0.1:{port},password=wrong";
            Assert.Contains("WRONGPASS", (await program.Run("doctor", "--json")).Output);
        }
        finally
        {
            redis.Kill();
        }
    }

    private static string? State(JsonElement diagnosis, string part) => Find(diagnosis, part).GetProperty("state").GetString();

    private static JsonElement Find(JsonElement diagnosis, string part) => diagnosis.GetProperty("findings").EnumerateArray().First(finding => finding.GetProperty("part").GetString()!.StartsWith(part, StringComparison.Ordinal));

    private static int Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
