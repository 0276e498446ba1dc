using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Continuity;
using Sophia.Log;

namespace Sophia.Commands;

/// <summary>Brings a data folder's log and state into another store, and compares every row.</summary>
internal static class MoveCommand
{
    public static Command Create()
    {
        var to = new Option<string>("--to") { Description = "Where to: postgres (SOPHIA_POSTGRES, and SOPHIA_POSTGRES_OWNER where the schema is not there yet).", Required = true };
        to.AcceptOnlyFromAmong("postgres");
        var command = new Command("move", "Copy the data folder's log and state into PostgreSQL and verify it. Sophia must be stopped.") { to };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = Settings.Options(parsed, quietAs: LogLevel.Warning);
            if (options.Postgres is not { } connection)
                throw new CommandFailedException("Say where PostgreSQL is: SOPHIA_POSTGRES.");
            var json = parsed.GetValue(Settings.Json);
            try
            {
                await MoveToPostgres.Run(options.DataFolder, new() { Connection = connection, OwnerConnection = options.PostgresOwner }, moved => Print(moved, json), TimeProvider.System, cancellation);
            }
            catch (StorageException refused)
            {
                throw new CommandFailedException(refused.Message, refused.Fault is StorageFault.Locked or StorageFault.Unreachable or StorageFault.NewerFormat ? ExitCodes.CannotStart : ExitCodes.Failed);
            }
            if (!json)
                Console.Out.WriteLine($"Everything is there and compares equal. With SOPHIA_POSTGRES set, {options.DataFolder} goes on from here; the old log in it is no longer read.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(MovedTenant moved, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(moved, MoveJson.Default.MovedTenant));
            return;
        }
        Console.Out.WriteLine($"{moved.Tenant}: {Show.Number(moved.Rows)} rows {(moved.Copied ? "copied and compared" : "were there and compare equal")}");
        foreach (var stream in moved.Streams)
            Console.Out.WriteLine($"  {stream.Stream}: {Show.Number(stream.Rows)} versions, sha256 {stream.Sum[..16]}…");
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(MovedTenant))]
internal sealed partial class MoveJson : JsonSerializerContext;
