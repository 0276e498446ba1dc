using System.Text.Json;
using Sophia.Commands;
using Sophia.Servers;

namespace Sophia.Postgres;

/// <summary>The program over PostgreSQL, as people use it: by two settings.</summary>
public sealed class PostgresProgramTests : IDisposable
{
    private readonly BuiltProgram program = new();
    private readonly string notes = Directory.CreateTempSubdirectory("sophia-notes-").FullName;
    private readonly ScratchDatabase? scratch = PostgresServer.Missing is null ? new ScratchDatabase(empty: true) : null;

    public void Dispose()
    {
        program.Dispose();
        Directory.Delete(notes, recursive: true);
        scratch?.Dispose();
    }

    [PostgresFact]
    public async Task Records_go_to_the_database_and_are_found_again_after_a_kill()
    {
        UsePostgres(withOwner: true);
        var (process, _, said) = await program.Up();
        Assert.Contains("Log and state are in PostgreSQL", said);
        await Ingest("Ann renewed the support contract.");
        process.Kill();
        await process.WaitForExitAsync();
        program.Environment.Remove("SOPHIA_POSTGRES_OWNER");
        Assert.Equal(1, await Found("support contract"));
        Assert.False(File.Exists(Path.Combine(program.Folder, "platform.db")));
        Assert.Empty(Directory.GetFiles(program.Folder, "log.db", SearchOption.AllDirectories));
    }

    [PostgresFact]
    public async Task A_data_folder_moves_with_one_command_and_is_not_opened_without_its_database_again()
    {
        await Ingest("Ann renewed the support contract.");
        var keys = (await program.Run("keys", "--json")).Output;
        UsePostgres(withOwner: true);
        var refused = await program.Run("search", "contract");
        Assert.Equal((ExitCodes.CannotStart, true), (refused.ExitCode, refused.Error.Contains("move --to postgres", StringComparison.Ordinal)));
        var moved = await program.Run("move", "--to", "postgres");
        Assert.True(moved.ExitCode == 0, moved.Error);
        Assert.Matches("default: [0-9]+ rows copied and compared", moved.Output);
        Assert.Equal(1, await Found("support contract"));
        Assert.Equal(keys, (await program.Run("keys", "--json")).Output);
        program.Environment.Clear();
        var without = await program.Run("search", "contract");
        Assert.Equal((ExitCodes.CannotStart, true), (without.ExitCode, without.Error.Contains("SOPHIA_POSTGRES", StringComparison.Ordinal)));
    }

    [PostgresFact]
    public async Task What_is_wrong_with_the_setting_is_said_in_one_line_without_the_password()
    {
        program.Environment["SOPHIA_POSTGRES"] = scratch!.SiloWith("wrong-one");
        var (code, output, error) = await program.Run("up");
        Assert.Equal(ExitCodes.CannotStart, code);
        Assert.Contains("refuses user or password", error);
        Assert.Single(error.Trim().Split('\n'));
        Assert.DoesNotContain("wrong-one", output + error);
    }

    private void UsePostgres(bool withOwner)
    {
        program.Environment["SOPHIA_POSTGRES"] = scratch!.Silo;
        if (withOwner)
            program.Environment["SOPHIA_POSTGRES_OWNER"] = scratch.Owner;
    }

    private async Task Ingest(string text)
    {
        await File.WriteAllTextAsync(Path.Combine(notes, "ann.txt"), text);
        var (code, output, error) = await program.Run("ingest", notes, "--pipeline", "notes");
        Assert.True(code == 0, output + error);
    }

    private async Task<int> Found(string words)
    {
        var (code, output, error) = await program.Run("search", words, "--json");
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement.GetProperty("hits").GetArrayLength();
    }
}

/// <summary>Needs a PostgreSQL server.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresServer.Missing;
}
