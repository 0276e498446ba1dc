using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Erases records: says what would go, asks, and waits until it is gone; and which records may not come back.</summary>
internal static class ErasureCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public static Command Erase()
    {
        var stream = new Argument<string?>("stream") { Description = "The record's stream.", Arity = ArgumentArity.ZeroOrOne };
        var key = new Argument<string?>("key") { Description = "The record's key.", Arity = ArgumentArity.ZeroOrOne };
        var value = new Option<string?>("--value") { Description = "Instead of stream and key: all records of which a version has this value; - reads it from standard input." };
        var field = new Option<string?>("--field") { Description = "With --value: in this field (contact.email for one inside of another); without it in any." };
        var streams = new Option<string[]>("--in") { Description = "With --value: only in this stream; may be said again." };
        var list = new Option<FileInfo?>("--list") { Description = "Instead of stream and key: a file of lines with stream, tab, key." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Change nothing and say what would be erased, with the token to apply it." };
        var token = new Option<string?>("--token") { Description = "Apply what a dry run found, by its token." };
        var yes = new Option<bool>("--yes") { Description = "Erase without asking." };
        var reference = new Option<string?>("--reference") { Description = "For the audit: the request's number. No personal data." };
        var command = new Command("erase", "Erase records for good, and keep them from coming back. Says first what would go.") { stream, key, value, field, streams, list, dryRun, token, yes, reference };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var confirmed = parsed.GetValue(token);
            if (confirmed is null)
            {
                var given = parsed.GetValue(value);
                var selection = new ErasureSelection(Records(parsed.GetValue(stream), parsed.GetValue(key), parsed.GetValue(list)), given == "-" ? Console.In.ReadToEnd().Trim() : given, parsed.GetValue(field), parsed.GetValue(streams));
                var asked = await api.Send(HttpMethod.Post, "api/records/erasures", Api.Json(selection, EdgeJson.Default.ErasureSelection), EdgeJson.Default.ErasureView, cancellation);
                var plan = await Found(api, asked.Id, cancellation);
                Print(parsed, plan);
                if (plan.Phase == ErasurePhase.Refused || plan.Records + plan.Items == 0)
                    return ExitCodes.Failed;
                if (parsed.GetValue(dryRun))
                    return ExitCodes.Done;
                if (!parsed.GetValue(yes) && !Confirmed(plan))
                {
                    await api.Text(HttpMethod.Delete, "api/records/erasures", null, cancellation);
                    throw new CommandFailedException("Nothing was erased.");
                }
                confirmed = plan.Token;
            }
            var going = await api.Send(HttpMethod.Post, "api/records/erasures/apply", Api.Json(new ApplyErasure(confirmed, parsed.GetValue(reference)), EdgeJson.Default.ApplyErasure), EdgeJson.Default.ErasureView, cancellation);
            Print(parsed, await Ended(api, going.Id, cancellation), planTold: parsed.GetValue(token) is null);
            return ExitCodes.Done;
        });
        return command;
    }

    public static Command Erasures()
    {
        var command = new Command("erasures", "The erasure that is planned or goes, and those that are done.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var view = await api.Get("api/records/erasures", EdgeJson.Default.ErasuresView, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.ErasuresView));
            else
                Show.Rows(["erasure", "state", "by", "ended", "records", "versions", "held items", "reference", ""], new[] { view.Current }.OfType<ErasureView>().Concat(view.Done).Select(one => new[]
                {
                    one.Id, Word(one.Phase), Show.Plain(one.AppliedBy ?? one.By), Show.Moment(one.EndedAt), Show.Number(one.Records), Show.Number(one.Versions), Show.Number(one.Items), Show.Plain(one.Reference ?? ""), Show.Plain(one.WaitsFor ?? "", 80),
                }), "Nothing was erased.");
            return ExitCodes.Done;
        });
        return command;
    }

    public static Command Blocked()
    {
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 1,000.", DefaultValueFactory = _ => 100 };
        var command = new Command("blocked", "The records that were erased and may not come back, by their marks.") { limit };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var blocked = await api.Get($"api/records/blocked?limit={parsed.GetValue(limit)}", EdgeJson.Default.IReadOnlyListBlockedRecord, cancellation);
            if (parsed.GetValue(Settings.Json))
                Console.Out.WriteLine(JsonSerializer.Serialize(blocked, EdgeJson.Default.IReadOnlyListBlockedRecord));
            else
                Show.Rows(["stream", "mark", "erasure", "since"], blocked.Select(one => new[] { Show.Plain(one.Stream), one.Mark, one.Erasure, Show.Moment(one.At) }), "No record is kept from coming.");
            return ExitCodes.Done;
        });
        return command;
    }

    public static Command Allow()
    {
        var stream = new Argument<string?>("stream") { Description = "The record's stream.", Arity = ArgumentArity.ZeroOrOne };
        var key = new Argument<string?>("key") { Description = "The record's key.", Arity = ArgumentArity.ZeroOrOne };
        var marks = new Option<string[]>("--mark") { Description = $"Instead of stream and key: a mark, as {SophiaCommand.Name} records blocked says it; may be said again." };
        var command = new Command("allow", "Let an erased record be stored again, should its source have it.") { stream, key, marks };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var allow = new AllowRecords(parsed.GetValue(marks), Records(parsed.GetValue(stream), parsed.GetValue(key), null));
            var allowed = await api.Send(HttpMethod.Post, "api/records/allow", Api.Json(allow, EdgeJson.Default.AllowRecords), EdgeJson.Default.AllowedRecords, cancellation);
            Console.Out.WriteLine(allowed.Allowed == 0 ? "None of these was kept from coming." : $"{allowed.Allowed} may come again: with the next change at the source, or with a run that reads everything anew (fullRefresh).");
            return allowed.Allowed == 0 ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }

    private static IReadOnlyList<RecordKey>? Records(string? stream, string? key, FileInfo? list)
    {
        if (list is not null)
            return [.. Lines(list).Where(line => line.Length > 0).Select(line => line.Split('\t', 2) is [var of, var named] ? new RecordKey(of, named) : throw new CommandFailedException($"\"{Show.OneLine(line)}\" is not stream, tab, key."))];
        return (stream, key) switch
        {
            (null, null) => null,
            ({ } of, { } named) => [new RecordKey(of, named)],
            _ => throw new CommandFailedException("Name stream and key, or give --value or --list."),
        };
    }

    private static string[] Lines(FileInfo list)
    {
        try
        {
            return File.ReadAllLines(list.FullName);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"--list: {list.FullName} {(unreadable is FileNotFoundException or DirectoryNotFoundException ? "is not there" : $"cannot be read: {unreadable.Message}")}. It is a file of lines with stream, tab, key.");
        }
    }

    private static bool Confirmed(ErasureView plan)
    {
        if (Console.IsInputRedirected)
            throw new CommandFailedException($"Nothing was erased: say --yes, or {SophiaCommand.Name} records erase --token {plan.Token}");
        Console.Out.Write(string.Create(CultureInfo.InvariantCulture, $"Write the number of records ({plan.Records}) to erase them for good: "));
        return Console.In.ReadLine()?.Trim() == plan.Records.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<ErasureView> Found(Api api, string id, CancellationToken cancellation) =>
        await Once(api, view => view.Current is { } plan && plan.Id == id ? plan.Phase is ErasurePhase.Planned or ErasurePhase.Refused ? plan : null : throw new CommandFailedException("Somebody else plans an erasure: look again later."), cancellation);

    private static Task<ErasureView> Ended(Api api, string id, CancellationToken cancellation)
    {
        string? told = null;
        return Once(api, view =>
        {
            if (view.Current is { } going && going.Id == id && going.WaitsFor is { } waits && waits != told)
                Console.Error.WriteLine(Show.OneLine(told = waits));
            return view.Done.FirstOrDefault(done => done.Id == id);
        }, cancellation);
    }

    private static async Task<ErasureView> Once(Api api, Func<ErasuresView, ErasureView?> wanted, CancellationToken cancellation)
    {
        while (true)
        {
            if (wanted(await api.Get("api/records/erasures", EdgeJson.Default.ErasuresView, cancellation)) is { } found)
                return found;
            await Task.Delay(LookEvery, cancellation);
        }
    }

    /// <param name="planTold">What is not reached was said with the plan already.</param>
    private static void Print(ParseResult parsed, ErasureView view, bool planTold = false)
    {
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.ErasureView));
            return;
        }
        if (view.Phase == ErasurePhase.Refused)
        {
            Console.Out.WriteLine(Show.OneLine(view.WaitsFor ?? ""));
            return;
        }
        Show.Rows(["stream", "records", "versions"], view.Streams.Select(stream => new[] { Show.Plain(stream.Stream), Show.Number(stream.Records), Show.Number(stream.Versions) }), "No record was found.");
        foreach (var record in view.Keys)
            Console.Out.WriteLine($"  {Show.OneLine(record.Stream)}/{Show.OneLine(record.Key)}");
        if (view.Records > view.Keys.Count && view.Keys.Count > 0)
            Console.Out.WriteLine($"  and {view.Records - view.Keys.Count:N0} more");
        Console.Out.WriteLine($"{(view.Phase == ErasurePhase.Done ? "Erased" : "Would be erased")}: {view.Records:N0} records, {view.Versions:N0} versions, {view.Items:N0} quarantined items ({view.Id})");
        if (view.Phase == ErasurePhase.Done)
            Console.Out.WriteLine("  Versions count the deletion that was written for each record before it went: the search had to hear of it.");
        if (view.Versions == 0 && view.Items == 0)
            Console.Out.WriteLine($"  Nothing of it stands here: no version and no quarantined item. Look whether stream and key are written as {SophiaCommand.Name} records list has them.");
        if (!planTold)
        {
            Console.Out.WriteLine("Not reached:");
            foreach (var line in view.Untouched)
                Console.Out.WriteLine($"  {Show.OneLine(line)}");
        }
        if (view.Token is { } token)
            Console.Out.WriteLine($"Token: {token} (until {view.ExpiresAt?.UtcDateTime:yyyy-MM-dd HH:mm} UTC)");
    }

    private static string Word(ErasurePhase phase) => phase.ToString().ToLowerInvariant();
}
