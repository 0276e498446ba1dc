using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sophia.Hosting;

namespace Sophia.Commands;

/// <summary>The program as people start it: a process, its output, its exit code.</summary>
public sealed partial class ProgramTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly BuiltProgram program = new();

    public void Dispose() => program.Dispose();

    [Fact]
    public async Task Up_serves_in_little_memory_and_stops_in_good_order()
    {
        var (process, url, said) = await program.Up();
        using var http = new HttpClient();
        Assert.Equal("""{"status":"live"}""", await http.GetStringAsync($"{url}/live"));
        process.Refresh();
        Assert.True(process.WorkingSet64 < 250L << 20, $"{process.WorkingSet64 >> 20} MB");
        Assert.Contains($"{url}/signin?code=default.", said);
        foreach (var secret in new[] { "cli-key", "instance.json" })
            Assert.True(OperatingSystem.IsWindows() || OwnerOnly == File.GetUnixFileMode(Path.Combine(program.Folder, secret)), secret);

        Assert.Equal(0, await BuiltProgram.Terminate(process));
        Assert.False(File.Exists(Path.Combine(program.Folder, "instance.json")));
    }

    [Fact]
    public async Task A_second_program_on_the_same_folder_is_told_in_one_line_who_has_it()
    {
        var (process, _, _) = await program.Up();
        var (code, _, error) = await program.Run("up");
        Assert.Equal(ExitCodes.CannotStart, code);
        Assert.Contains($"in use by process {process.Id}", error);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task A_folder_of_a_newer_version_is_left_alone_with_one_line()
    {
        Directory.CreateDirectory(program.Folder);
        await File.WriteAllTextAsync(Path.Combine(program.Folder, "VERSION"), "99\n");
        var (code, _, error) = await program.Run("up");
        Assert.Equal(ExitCodes.CannotStart, code);
        Assert.Contains("version 99", error);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Equal("99\n", await File.ReadAllTextAsync(Path.Combine(program.Folder, "VERSION")));
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "--listen-anywhere")]
    [InlineData("https://127.0.0.1:0", "no address to listen on")]
    [InlineData("http://example.org:0", "no address of this machine")]
    [InlineData("nonsense", "no address to listen on")]
    public async Task An_address_that_cannot_be_meant_is_refused(string url, string words)
    {
        var (code, _, error) = await program.Run("up", "--url", url);
        Assert.Equal(ExitCodes.CannotStart, code);
        Assert.Contains(words, error);
    }

    [Fact]
    public async Task A_command_starts_a_Sophia_of_its_own_and_later_finds_the_running_one()
    {
        var alone = await program.Run("keys", "--json");
        Assert.Equal(0, alone.ExitCode);
        var (_, url, _) = await program.Up();
        var found = await program.Run("status", "--json");
        Assert.True(found.Output.StartsWith('{'), $"{found.ExitCode}: {found.Output}{found.Error}");
        var link = await program.Run("signin");
        Assert.StartsWith($"{url}/signin?code=default.", link.Output);
        var keys = await program.Run("keys", "--json");
        Assert.Equal(JsonDocument.Parse(alone.Output).RootElement.GetProperty("keys")[0].GetProperty("keyId").GetString(),
            JsonDocument.Parse(keys.Output).RootElement.GetProperty("keys")[0].GetProperty("keyId").GetString());
    }

    [Fact]
    public async Task A_running_Sophia_that_is_slow_is_not_taken_for_a_dead_one()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var url = $"http://{silent.LocalEndpoint}";
        var slow = await Assert.ThrowsAsync<CommandFailedException>(() => InstanceProbe.Serves(new InstanceFile(url, Environment.ProcessId, default), TimeSpan.FromMilliseconds(100), default));
        Assert.Contains($"process {Environment.ProcessId}", slow.Message);
        Assert.False(await InstanceProbe.Serves(new InstanceFile(url, int.MaxValue, default), TimeSpan.FromMilliseconds(100), default));
        silent.Stop();
        Assert.False(await InstanceProbe.Serves(new InstanceFile(url, Environment.ProcessId, default), InstanceProbe.Patience, default));
    }

    [Fact]
    public async Task A_folder_read_again_ends_although_there_is_nothing_to_wait_for()
    {
        var folder = Directory.CreateDirectory(Path.Combine(program.Folder + "-notes"));
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "boat.md"), "# Boat\nThe boat lies in Turku.\n");
            await program.Up();
            Assert.Equal(0, (await program.Run("ingest", folder.FullName)).ExitCode);
            Assert.Equal(0, (await program.Run("ask", "Where does the boat lie?")).ExitCode);
            var (code, output, _) = await program.Run("ingest", folder.FullName);
            Assert.Equal(0, code);
            Assert.Contains("Nothing has changed since the last run.", output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Lists_say_that_they_are_empty_and_what_is_not_known_fails()
    {
        await program.Up();
        Assert.Contains("No run yet.", (await program.Run("runs")).Output);
        Assert.Contains("0 held", (await program.Run("quarantine")).Output);
        Assert.Contains("No work was put in yet.", (await program.Run("queue")).Output);
        Assert.Contains("Item 1 is taken.", (await program.Run("queue", "put", "mine", "sum", "{\"n\":1}")).Output);
        Assert.Contains("held: repairs", (await program.Run("queue", "hold", "mine", "--reason", "repairs", "--confirm", "mine")).Output);
        Assert.Contains("Nothing is dead.", (await program.Run("dead")).Output);
        Assert.Contains("quarantined", (await program.Run("dead", "quarantine", "1", "--reason", "odd", "--confirm", "1")).Output);
        Assert.Contains("a person decided so", (await program.Run("dead", "list", "--cause", "byHand")).Output);
        Assert.Contains("It would take 1 items.", (await program.Run("dead", "replay", "--dry-run")).Output);
        Assert.Contains("There are no records yet.", (await program.Run("ask", "Where is the boat?")).Output);
        Assert.Equal(ExitCodes.Failed, (await program.Run("why", "nothing/here")).ExitCode);
        Assert.Contains("sophia quarantine [command]", (await program.Run("quarantine", "--help")).Output);
    }

    /// <summary>What a text tells its reader to ask.</summary>
    private static string[] Questions(string text)
    {
        var asked = AskLine().Matches(text).Select(line => line.Groups[1].Value).ToArray();
        return asked.Length > 0 ? asked : throw new InvalidOperationException($"Nothing is asked in: {text}");
    }

    [GeneratedRegex(@"sophia ask ""([^""]+)""", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex AskLine();

    [Fact]
    public async Task The_sample_is_loaded_looked_around_in_and_removed_from_the_command_line()
    {
        await program.Up();
        var loaded = await program.Run("sample");
        Assert.True(loaded.ExitCode == 0, loaded.Error);
        Assert.Contains("4 held back", loaded.Output);
        Assert.Contains("sample", (await program.Run("pipelines", "list")).Output);
        Assert.Contains("sample/accounts", (await program.Run("records", "list")).Output);
        Assert.Contains("Harbourline Fish", (await program.Run("records", "list", "sample/accounts")).Output);
        Assert.Contains("Harbourline Fish", (await program.Run("records", "show", "sample/accounts", "A-101")).Output);
        Assert.Contains("Harbourline Fish", (await program.Run("records", "versions", "sample/accounts", "A-101")).Output);
        Assert.Contains("holds cold, chain, alarm", (await program.Run("search", "cold chain alarm", "--kind", "section")).Output);
        foreach (var question in Questions(await File.ReadAllTextAsync(Path.Combine(Repository(), "README.md"))).Concat(Questions(loaded.Output)))
            Assert.Contains("Per Dahl: The one worry that Harbourline has is about the night alarms", (await program.Run("ask", question)).Output);
        var (asked, unanswered, _) = await program.Run("ask", "What is the capital of France?");
        Assert.Equal(0, asked);
        Assert.StartsWith("Nothing here answers that.", unanswered);
        Assert.Contains("page /records?stream=sample%2Faccounts", (await program.Run("ask", "How many seats do all accounts have in total?")).Output);
        Assert.Contains("How good is sample/accounts?", (await program.Run("quality", "report", "sample/accounts")).Output);
        Assert.Equal(0, (await program.Run("sample", "remove")).ExitCode);
        Assert.DoesNotContain("Harbourline", (await program.Run("search", "harbourline")).Output);
        Assert.Contains("no such record", (await program.Run("records", "versions", "sample/accounts", "never")).Output);
        Assert.Equal(1, (await program.Run("sample", "remove")).ExitCode);
    }

    [Fact]
    public async Task Records_are_erased_and_allowed_again_from_the_command_line()
    {
        await program.Up();
        Assert.Equal(0, (await program.Run("sample")).ExitCode);
        var plan = await program.Run("records", "erase", "sample/accounts", "A-101", "--dry-run");
        Assert.True(plan.ExitCode == 0, plan.Error);
        Assert.Contains("Would be erased: 1 records, 1 versions, 0 quarantined items (erasure-1)", plan.Output);
        Assert.Contains("The source still has them", plan.Output);
        Assert.Contains("say --yes", (await program.Run("records", "erase", "sample/accounts", "A-101")).Error);
        Assert.Contains("another one than that which was confirmed", (await program.Run("records", "erase", "--token", plan.Output.Split("Token: ")[1][..32])).Error);
        plan = await program.Run("records", "erase", "sample/accounts", "A-101", "--dry-run");
        var done = await program.Run("records", "erase", "--token", plan.Output.Split("Token: ")[1][..32], "--reference", "T-7");
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Contains("Erased: 1 records, 2 versions, 0 quarantined items", done.Output);
        Assert.Contains("no such record", (await program.Run("records", "versions", "sample/accounts", "A-101")).Output);
        Assert.Contains("T-7", (await program.Run("records", "erasures")).Output);
        Assert.Contains("sample/accounts", (await program.Run("records", "blocked")).Output);
        Assert.Contains("1 may come again", (await program.Run("records", "allow", "sample/accounts", "A-101")).Output);
        Assert.Contains("No record is kept from coming.", (await program.Run("records", "blocked")).Output);
        Assert.Contains("Erased: 1 records", (await program.Run("records", "erase", "--value", "a-102", "--field", "id", "--in", "sample/accounts", "--yes")).Output);
        Assert.Equal(1, (await program.Run("records", "erase", "--value", "nobody@example.org", "--yes")).ExitCode);
    }

    [Fact]
    public async Task A_key_that_may_ask_once_a_second_ingests_to_the_end()
    {
        program.Environment["SOPHIA_LIMITS"] = """{"limits":[{"name":"api-key","per":"key","limit":1,"burst":1}]}""";
        var folder = Directory.CreateDirectory(program.Folder + "-crm");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "people.csv"), "id,name\n1,Ann\n");
            await program.Up();
            var (code, output, error) = await program.Run("ingest", folder.FullName, "--pipeline", "crm");
            Assert.True(code == ExitCodes.Done, error);
            Assert.Contains("1 in, 1 stored", output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Whoever_ingests_is_told_that_his_run_waits_for_its_turn()
    {
        var folder = Directory.CreateDirectory(program.Folder + "-crm");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "people.csv"), "id,name\n1,Ann\n");
            await program.Up();
            Assert.Equal(0, (await program.Run("queue", "hold", "sophia-runs", "--reason", "a drill", "--confirm", "sophia-runs")).ExitCode);
            var ingest = program.Start("ingest", folder.FullName, "--pipeline", "crm");
            var said = await ingest.StandardError.ReadLineAsync();
            Assert.StartsWith("Waiting: in the queue since", said, StringComparison.Ordinal);
            Assert.Contains("a drill", said);
            var listed = (await program.Run("runs")).Output;
            Assert.Contains("waits for its turn", listed);
            Assert.Contains("place 1 of 1; the queue is held: a drill", listed);
            var run = JsonElement.Parse((await program.Run("runs", "--json")).Output)[0].GetProperty("runId").GetString()!;
            Assert.Contains("place 1 of 1; the queue is held: a drill", (await program.Run("runs", "show", run)).Output);
            Assert.StartsWith("waits for its turn, place 1 of 1 since", (await program.Run("why", run)).Output);
            Assert.Contains("sophia-runs: ", (await program.Run("queue", "fairness")).Output);
            Assert.Equal(0, (await program.Run("queue", "let-go", "sophia-runs", "--reason", "over", "--confirm", "sophia-runs")).ExitCode);
            Assert.Contains("1 in, 1 stored", await ingest.StandardOutput.ReadToEndAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_run_says_what_it_left_in_each_stream_and_which_files_it_read_by_position()
    {
        var folder = Directory.CreateDirectory(program.Folder + "-crm");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "deals.csv"), "product,deal_number\npump,D-1\npump,D-2\n");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "people.csv"), "id,name\n1,Ann\n2,Bob\n3,Cem\n");
            await program.Up();
            var first = await program.Run("ingest", folder.FullName, "--pipeline", "crm");
            Assert.True(first.ExitCode == 0, first.Error);
            const string Note = "Note: deals.csv: keyed by position, because no field id, deal_id, deals_id was different in every row. deal_number was: state key: deal_number for the stream, and a row that moves stays the same record.";
            Assert.Contains(Note, Line(first.Output));
            Assert.Contains("pipelines show crm > crm.yaml", Line(first.Output));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "people.csv"), "id,name\n1,Ann\n3,Cem C\n3,Dora\n");
            await program.Run("ingest", folder.FullName, "--pipeline", "crm");
            var runs = JsonDocument.Parse((await program.Run("runs", "--json")).Output).RootElement.EnumerateArray().Select(run => run.GetProperty("runId").GetString()!).ToList();
            var (code, shown, error) = await program.Run("runs", "show", runs[1]);
            Assert.True(code == 0, error);
            Assert.Contains(Note, Line(shown));
            Assert.Matches(@"stream +stored +deleted +held back\s+crm/deals +2 +0 +0\s+crm/people +3 +0 +0", shown);
            shown = (await program.Run("runs", "show", runs[0])).Output;
            Assert.Matches(@"stream +stored +deleted +held back\s+crm/people +1 +1 +1", shown);
            Assert.DoesNotContain("keyed by position", shown);
            Assert.Contains("3 stands in lines 3 and 4; line 3 is the record.", Line((await program.Run("quarantine", "list", "--json")).Output));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_record_and_a_stream_are_shown_as_they_stood()
    {
        var folder = Directory.CreateDirectory(program.Folder + "-people");
        try
        {
            await program.Up();
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "people.csv"), "id,name\n1,Ann\n2,Bob\n");
            await program.Run("ingest", folder.FullName, "--pipeline", "crm");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "people.csv"), "id,name\n1,Ann of Turku\n3,Cem\n");
            await program.Run("ingest", folder.FullName, "--pipeline", "crm");
            var versions = JsonDocument.Parse((await program.Run("records", "versions", "crm/people", "1", "--json")).Output).RootElement.EnumerateArray().Select(version => version.GetProperty("at").GetString()!).ToList();
            Assert.Equal(2, versions.Count);
            Assert.Contains("\"Ann of Turku\"", (await program.Run("records", "show", "crm/people", "1")).Output);
            Assert.Contains("\"Ann of Turku\"", (await program.Run("records", "show", "crm/people", "1", "--as-of", versions[0])).Output);
            Assert.Contains("\"name\":\"Ann\"", (await program.Run("records", "show", "crm/people", "1", "--as-of", versions[1])).Output);
            Assert.Contains("Bob", (await program.Run("records", "show", "crm/people", "2", "--as-of", versions[1])).Output);
            var stood = (await program.Run("records", "list", "crm/people", "--as-of", versions[1])).Output;
            Assert.Contains("Bob", stood);
            Assert.DoesNotContain("Turku", stood);
            Assert.DoesNotContain("Cem", stood);
            Assert.Equal(1, (await program.Run("records", "show", "crm/people", "3", "--as-of", versions[1])).ExitCode);
            Assert.Equal(1, (await program.Run("records", "show", "crm/people", "1", "--as-of", "2001-01-01")).ExitCode);
            Assert.Contains("is no moment", (await program.Run("records", "show", "crm/people", "1", "--as-of", "yesterday")).Error);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_command_acts_for_the_tenant_whose_key_it_is_given()
    {
        await program.Up();
        var key = (await program.Run("keys", "tenant", "acme", "--keep")).Output.Trim();
        Assert.StartsWith("sophia.acme.", key);
        string Tenant((int, string Output, string) ran) => JsonDocument.Parse(ran.Output).RootElement.GetProperty("tenant").GetString()!;
        Assert.Equal("default", Tenant(await program.Run("keys", "--json")));
        Assert.Equal("acme", Tenant(await program.Run("keys", "--json", "--tenant", "acme")));
        Assert.Equal("acme", Tenant(await program.Run("keys", "--json", "--key", key)));
        Assert.Contains("not one of tenant other", (await program.Run("keys", "--tenant", "other", "--key", key)).Error);
        Assert.Contains("No key of tenant other", (await program.Run("keys", "--tenant", "other")).Error);
        Assert.Equal(ExitCodes.Failed, (await program.Run("keys", "--key", "sophia.acme.wrong")).ExitCode);
    }

    [Fact]
    public async Task A_definition_applied_again_says_what_it_replaced_and_a_removal_what_remains()
    {
        var folder = Directory.CreateDirectory(program.Folder + "-crm");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "ports.csv"), "id,port\n1,Turku\n");
            var file = Path.Combine(folder.FullName, "crm.yaml");
            await File.WriteAllTextAsync(file, $"name: crm\nsources:\n  - {{type: files, path: {folder.FullName}, include: '*.csv'}}\n");
            await program.Up();
            Assert.Contains("crm is new, at version 1", (await program.Run("pipelines", "apply", file)).Output);
            Assert.Contains("crm is unchanged, at version 1", (await program.Run("pipelines", "apply", file)).Output);
            Assert.Equal(0, (await program.Run("ingest", folder.FullName, "--pipeline", "crm")).ExitCode);
            await File.AppendAllTextAsync(file, "  - {type: files, path: not/there, name: more}\n");
            var (_, said, warned) = await program.Run("pipelines", "apply", file);
            Assert.Contains("crm: version 1 is replaced by 2", said);
            Assert.Contains("+   - {type: files, path: not/there, name: more}", said);
            Assert.Contains("does not exist", warned);
            Assert.Contains("There is no stream \"nosuch\". There is crm/ports.", (await program.Run("search", "Turku", "--stream", "nosuch")).Error);
            Assert.Contains("There is no stream", (await program.Run("quarantine", "--stream", "nosuch")).Error);
            Assert.Contains("unknown", (await program.Run("quarantine", "release", "99")).Output);
            var removed = (await program.Run("pipelines", "remove", "crm")).Output;
            Assert.Contains("its records stay and can be found: 1 in 1 stream (crm/ports)", removed);
            Assert.Contains("path: not/there", removed);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Help_names_every_benchmark() =>
        Assert.Equal(Directory.GetFiles(Path.Combine(Repository(), "bench"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetFileName(Path.GetDirectoryName(path)!).ToLowerInvariant()).Order(StringComparer.Ordinal), BenchCommand.All.Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_benchmark_refuses_an_option_that_it_does_not_have()
    {
        program.Environment["SOPHIA_ROOT"] = Repository();
        var (code, _, error) = await program.Run("bench", "ingest", "--raws", "10");
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("\"--raws\" is no option of this benchmark", error);
        Assert.Contains("--rows", error);
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Sophia.sln")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    [Fact]
    public async Task A_command_that_cannot_do_what_was_asked_says_so_and_fails()
    {
        var missing = await program.Run("ingest", "/no/such/folder");
        Assert.Equal(ExitCodes.Failed, missing.ExitCode);
        Assert.Contains("There is no file or folder /no/such/folder", missing.Error);
        var unknown = await program.Run("pipelines", "show", "nothing");
        Assert.Equal(ExitCodes.Failed, unknown.ExitCode);
        Assert.Contains("There is no pipeline \"nothing\"", unknown.Error);
        Assert.DoesNotContain("   at ", unknown.Error);
    }

    /// <summary>However wide the output is, in one line.</summary>
    private static string Line(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
