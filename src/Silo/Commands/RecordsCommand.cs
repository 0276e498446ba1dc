using System.CommandLine;
using System.Globalization;
using Sophia.Log;
using Sophia.Operations;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Lists streams, the records of one, and the versions of a record.</summary>
internal static class RecordsCommand
{
    public static Command Create()
    {
        var command = new Command("records", "List streams, the records of one, the versions of a record; print one; erase some.") { List(), One(), Versions(), ErasureCommand.Erase(), ErasureCommand.Erasures(), ErasureCommand.Blocked(), ErasureCommand.Allow() };
        command.SetAction(Streams);
        return command;
    }

    // The same as "list" without a stream.
    private static async Task<int> Streams(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        return await Streams(api, parsed, cancellation);
    }

    private static async Task<int> Streams(Api api, ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(Settings.Json))
            Console.Out.WriteLine(await api.Text(HttpMethod.Get, "api/streams", null, cancellation));
        else
            Show.Rows(["stream", "records", "deleted"], (await api.Get("api/streams", EdgeJson.Default.IReadOnlyListStreamView, cancellation))
                .Select(view => new[] { Show.Plain(view.Stream), Show.Number(view.Records), Show.Number(view.Deleted) }), "No record is stored yet.");
        return ExitCodes.Done;
    }

    private static Command List()
    {
        var stream = new Argument<string?>("stream") { Description = "A stream's name; without one the streams are listed.", Arity = ArgumentArity.ZeroOrOne };
        var after = new Option<string?>("--after") { Description = "Begin after this key." };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 1,000.", DefaultValueFactory = _ => 50 };
        var asOf = AsOf("As they stood at a moment");
        var command = new Command("list", "The streams, or the newest versions of a stream's records by key, or those of a moment.") { stream, after, limit, asOf };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            if (parsed.GetValue(asOf) is { } moment)
                return await Standing(api, parsed, parsed.GetValue(stream) ?? throw new CommandFailedException("--as-of wants a stream."), Moment(moment), parsed.GetValue(after), parsed.GetValue(limit), cancellation);
            if (parsed.GetValue(stream) is not { } name)
                return await Streams(api, parsed, cancellation);
            var address = $"api/records?stream={Uri.EscapeDataString(name)}&limit={parsed.GetValue(limit)}{(parsed.GetValue(after) is { } key ? $"&after={Uri.EscapeDataString(key)}" : "")}";
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
            else
                await Print(api, name, await api.Get(address, EdgeJson.Default.IReadOnlyListRecordView, cancellation), cancellation);
            return ExitCodes.Done;
        });
        return command;
    }

    // A page looks at so many keys, of which some were not there yet: pages are read until enough are found.
    private static async Task<int> Standing(Api api, ParseResult parsed, string stream, DateTimeOffset moment, string? after, int limit, CancellationToken cancellation)
    {
        var (records, next) = (new List<RecordView>(), after);
        do
        {
            var page = await api.Get($"api/records/as-of?stream={Uri.EscapeDataString(stream)}&at={Written(moment)}&limit={limit - records.Count}"
                + (next is null ? "" : $"&after={Uri.EscapeDataString(next)}"), EdgeJson.Default.RecordsPage, cancellation);
            records.AddRange(page.Records);
            next = page.Next;
        }
        while (next is not null && records.Count < limit);
        if (parsed.GetValue(Settings.Json))
            Console.Out.WriteLine(System.Text.Json.JsonSerializer.Serialize(new RecordsPage(records, next), EdgeJson.Default.RecordsPage));
        else
            await Print(api, stream, records, cancellation);
        if (next is not null && !parsed.GetValue(Settings.Json))
            Console.Error.WriteLine($"There may be more: --after {Show.OneLine(next)}");
        return ExitCodes.Done;
    }

    private static Option<string?> AsOf(string what) => new("--as-of") { Description = $"{what}: 2026-03-01, 2026-03-01T12:00 or 2026-03-01T12:00:00Z; without a zone it is local time." };

    private static string Written(DateTimeOffset moment) => Uri.EscapeDataString(moment.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));

    private static DateTimeOffset Moment(string text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var moment) ? moment
        : throw new CommandFailedException($"\"{Show.OneLine(text)}\" is no moment: write 2026-03-01, 2026-03-01T12:00 or 2026-03-01T12:00:00Z.");

    private static async Task Print(Api api, string stream, IReadOnlyList<RecordView> records, CancellationToken cancellation)
    {
        if (records.Count == 0)
            await KnownStreams.Check(api, [stream], cancellation);
        Show.Rows(["key", "version", "stored", ""], records.Select(record => new[]
        {
            Show.Plain(record.Key, 60), $"{record.Version}", Show.Moment(record.At), record.Operation == RecordOperation.Delete ? "[red]deleted[/]" : Show.Plain(record.PayloadJson, 120),
        }), "No more records.");
    }

    private static Command One()
    {
        var (stream, key) = (Stream(), Key());
        var version = new Option<long?>("--version") { Description = "This version instead of the newest." };
        var asOf = AsOf("As it stood at a moment, instead of the newest version");
        var command = new Command("show", "Print a record's JSON: the newest version, one by number, or the one of a moment.") { stream, key, version, asOf };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"api/record?{Named(parsed.GetValue(stream)!, parsed.GetValue(key)!)}{(parsed.GetValue(version) is { } number ? $"&version={number}" : "")}"
                + (parsed.GetValue(asOf) is { } moment ? $"&asOf={Written(Moment(moment))}" : "");
            Console.Out.WriteLine(parsed.GetValue(Settings.Json) ? await api.Text(HttpMethod.Get, address, null, cancellation)
                : Show.Tame((await api.Get(address, EdgeJson.Default.RecordView, cancellation)).PayloadJson));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Versions()
    {
        var (stream, key) = (Stream(), Key());
        var command = new Command("versions", "The versions of a record, newest first.") { stream, key };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var address = $"api/record/versions?{Named(parsed.GetValue(stream)!, parsed.GetValue(key)!)}";
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
                return ExitCodes.Done;
            }
            var versions = await api.Get(address, EdgeJson.Default.IReadOnlyListRecordView, cancellation);
            Show.Rows(["version", "stored", "run", "definition", ""], versions.Select(record => new[]
            {
                $"{record.Version}", Show.Moment(record.At), Show.Plain(record.Run), $"{record.DefinitionVersion}", record.Operation == RecordOperation.Delete ? "[red]deleted[/]" : Show.Plain(record.PayloadJson, 120),
            }), "There is no such record.");
            return versions.Count == 0 ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }

    private static Argument<string> Stream() => new("stream") { Description = $"A stream's name, as {SophiaCommand.Name} records list says it." };

    private static Argument<string> Key() => new("key") { Description = "The record's key." };

    private static string Named(string stream, string key) => $"stream={Uri.EscapeDataString(stream)}&key={Uri.EscapeDataString(key)}";
}
