using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Commands;

/// <summary>Shows limits and who was refused by them, sets or resets a tenant's, and releases who waits or is banned.</summary>
internal static class LimitsCommand
{
    public static Command Create()
    {
        var command = new Command("limits", "Show limits and who waits or is banned; set or reset a tenant's; release somebody; try a request out.") { List(), One(), Test(), Set(), Reset(), Release() };
        command.SetAction(All);
        return command.OfOthers();
    }

    private static Command List()
    {
        var command = new Command("list", "Show all limits, who was refused of late, and what was done.");
        command.SetAction(All);
        return command;
    }

    private static Command One()
    {
        var (name, caller) = (Name(), new Option<string?>("--of-key") { Description = "Of a limit that counts for each API key: which one." });
        var command = new Command("show", "Show one limit with the shares of processes.") { name, caller };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var of = parsed.GetValue(caller) is { } key ? $"?caller={Uri.EscapeDataString(key)}" : "";
            var line = await api.Get($"{await Path(api, parsed, parsed.GetValue(name)!, cancellation)}{of}", EdgeJson.Default.LimitLine, cancellation);
            if (parsed.GetValue(Settings.Json))
                return Json(JsonSerializer.Serialize(line, EdgeJson.Default.LimitLine));
            Print(line);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Test()
    {
        var (key, route, cost) = (new Option<string?>("--of-key") { Description = "Another API key of the tenant." }, new Option<string?>("--route") { Description = "Method and address as it is mapped, as in \"GET /api/search\"." },
            new Option<long?>("--cost") { Description = "What it costs, 1 unless said." });
        var command = new Command("test", "Say what a request would be told now; nothing is charged.") { key, route, cost };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new TestLimits(null, parsed.GetValue(key), parsed.GetValue(route), parsed.GetValue(cost)), EdgeJson.Default.TestLimits);
            var decision = await api.Send(HttpMethod.Post, parsed.About("api/limits/test"), body, EdgeJson.Default.LimitDecision, cancellation);
            if (parsed.GetValue(Settings.Json))
                return Json(JsonSerializer.Serialize(decision, EdgeJson.Default.LimitDecision));
            Console.Out.WriteLine(Show.OneLine(decision.Admitted ? "It would be admitted." : decision.Penalty is { } penalty ? $"It would be refused: {penalty}" : $"It would be refused by {decision.RefusedBy}."));
            Show.Rows(["limit", "admits", "left", "come back"], decision.Said.Select(one => new[]
            {
                Show.Plain(one.Limit), one.Admitted ? "yes" : "no", Show.Number(one.Remaining), one.Admitted ? "" : one.RetryAfterSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"in {Math.Ceiling(seconds)} s") : "never: it costs more than the limit",
            }), "No limit is set for it.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Set()
    {
        var (name, limit) = (Name(), new Argument<double>("limit") { Description = "What flows in within the window, what passes in it, or how much may be under way at once." });
        var (window, burst) = (new Option<double?>("--window") { Description = "Seconds; as it was unless said." }, new Option<double?>("--burst") { Description = "Of a token bucket: what may be taken at once; as it was unless said." });
        var (reason, confirm) = Words();
        var command = new Command("set", "Other terms of a limit for one tenant, until they are reset; for operators of the system's tenant.") { name, limit, window, burst, reason, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new SetLimit(parsed.GetValue(limit), parsed.GetValue(window), parsed.GetValue(burst), parsed.GetValue(reason), parsed.GetValue(confirm)), EdgeJson.Default.SetLimit);
            return Done(parsed, await api.Send(HttpMethod.Post, $"{await Path(api, parsed, parsed.GetValue(name)!, cancellation)}/set", body, EdgeJson.Default.LimitBookView, cancellation));
        });
        return command;
    }

    private static Command Reset()
    {
        var name = Name();
        var (reason, confirm) = Words();
        var command = new Command("reset", "Give a limit back to what is configured; for operators of the system's tenant.") { name, reason, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new LimitWord(parsed.GetValue(reason), parsed.GetValue(confirm)), EdgeJson.Default.LimitWord);
            return Done(parsed, await api.Send(HttpMethod.Post, $"{await Path(api, parsed, parsed.GetValue(name)!, cancellation)}/reset", body, EdgeJson.Default.LimitBookView, cancellation));
        });
        return command;
    }

    private static Command Release()
    {
        var who = new Argument<string>("who") { Description = "key:ID or address:ADDRESS, as \"limits list\" shows it." };
        var (reason, confirm) = Words();
        var command = new Command("release", "End the wait or ban of a key or an address, and forget what spoke against it.") { who, reason, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var of = parsed.GetValue(who)!;
            var tenant = of.StartsWith("address:", StringComparison.Ordinal) ? "system" : Owner.Of(parsed) ?? await Own(api, cancellation);
            var body = Api.Json(new ReleaseLimited(of, parsed.GetValue(reason), parsed.GetValue(confirm)), EdgeJson.Default.ReleaseLimited);
            return Done(parsed, await api.Send(HttpMethod.Post, $"api/limits/{Uri.EscapeDataString(tenant)}/release", body, EdgeJson.Default.LimitBookView, cancellation));
        });
        return command;
    }

    private static async Task<int> All(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var status = await api.Get(parsed.About("api/limits"), EdgeJson.Default.LimitsStatus, cancellation);
        if (parsed.GetValue(Settings.Json))
            return Json(JsonSerializer.Serialize(status, EdgeJson.Default.LimitsStatus));
        Show.Rows(["limit", "per", "for", "lets through", "set by"], status.Limits.Select(line => new[]
        {
            Show.Plain(line.Name), Word(line.Per), Show.Plain(line.Routes.Count == 0 ? line.Resource : string.Join(", ", line.Routes)), Show.Plain(line.Rule), Show.Plain(line.Set is { } set ? $"{set.By}: {set.Because}" : ""),
        }), "No limit is configured: SOPHIA_LIMITS sets them.");
        foreach (var book in ((LimitBookView?[])[status.Own, status.System]).OfType<LimitBookView>())
            Print(book);
        return ExitCodes.Done;
    }

    private static void Print(LimitLine line)
    {
        Show.Rows(["", ""], [
            ["limit", Show.Plain(line.Name)], ["per", Word(line.Per)], ["for", Show.Plain(line.Routes.Count == 0 ? line.Resource : string.Join(", ", line.Routes))], ["lets through", Show.Plain(line.Rule)],
            ["who asks on", line.Penalties ? "waits, and is banned if he does not stop" : "is refused"], ["set", Show.Plain(line.Set is { } set ? $"by {set.By}: {set.Because}" : "as configured")],
            .. line.Adaptive is { } now ? (string[][])[["now, in one process", string.Create(CultureInfo.InvariantCulture, $"{now.Limit} at once ({now.MinLimit} to {now.MaxLimit}), {now.UnderWay} in use")],
                ["calls took", now.LatencyMilliseconds is { } took ? string.Create(CultureInfo.InvariantCulture, $"{took:0.###} ms of late{(now.FloorMilliseconds is { } floor ? $", {floor:0.###} ms in the long run" : "")}") : "nothing is known yet"]] : [],
            ["used", line.State?.Used is { } used ? Show.Number(used) : "counted in each process"],
        ]);
        Show.Rows(["process", "share", "demand"], (line.State?.Shares ?? []).Select(share => new[]
        {
            Show.Plain(share.Process), string.Create(CultureInfo.InvariantCulture, $"{share.Share * 100:0.#} %"), string.Create(CultureInfo.InvariantCulture, $"{share.Demand:0.#}{(line.Terms.IsPlaces ? " at once" : " a second")}"),
        }), "No process has a share now.");
    }

    private static int Done(ParseResult parsed, LimitBookView book)
    {
        if (parsed.GetValue(Settings.Json))
            return Json(JsonSerializer.Serialize(book, EdgeJson.Default.LimitBookView));
        Print(book);
        return ExitCodes.Done;
    }

    private static void Print(LimitBookView book)
    {
        Show.Rows([$"refused in {Show.Plain(book.Of)}", "by", "seconds", "bans", "state", "until"], book.Offenders.Select(one => new[]
        {
            Show.Plain(one.Of), Show.Plain(one.Limit), Show.Number(one.Refusals), Show.Number(one.Bans), one.IsBanned ? "[red]banned[/]" : one.Until is null ? "refused" : "[yellow]waits[/]", Show.Moment(one.Until),
        }), $"Nobody of {book.Of} was refused of late.");
        if (book.History.Count > 0)
            Show.Rows(["when", "what", "of", "why", "by"], book.History.Take(10).Select(change => new[] { Show.Moment(change.At), Show.Plain(change.What), Show.Plain(change.Of), Show.Plain(change.Because), Show.Plain(change.By ?? "limits") }), "");
    }

    private static int Json(string text)
    {
        Console.Out.WriteLine(text);
        return ExitCodes.Done;
    }

    // A name alone is that of one's own tenant, or of the one that is named; the installation's where the limit is one of addresses or of all.
    private static async Task<string> Path(Api api, ParseResult parsed, string name, CancellationToken cancellation)
    {
        if (name.Split('/') is [var owner, var limit])
            return $"api/limits/{Uri.EscapeDataString(owner)}/{Uri.EscapeDataString(limit)}";
        var status = await api.Get(parsed.About("api/limits"), EdgeJson.Default.LimitsStatus, cancellation);
        var found = status.Limits.FirstOrDefault(line => line.Name == name) ?? throw new CommandFailedException($"There is no limit \"{name}\"; \"{SophiaCommand.Name} limits\" shows those that there are.");
        return $"api/limits/{(found.Per is LimitPer.Address or LimitPer.Installation ? "system" : status.Own.Of)}/{found.Name}";
    }

    private static async Task<string> Own(Api api, CancellationToken cancellation) => (await api.Get("api/limits", EdgeJson.Default.LimitsStatus, cancellation)).Own.Of;

    private static string Word(LimitPer per) => per switch { LimitPer.Tenant => "tenant", LimitPer.Key => "key", LimitPer.Route => "route", LimitPer.KeyAndRoute => "key and route", LimitPer.Address => "address", _ => "installation" };

    private static Argument<string> Name() => new("limit") { Description = "The limit, or tenant/limit." };

    private static (Option<string> Reason, Option<string> Confirm) Words() =>
        (new("--reason") { Description = "Why; it is shown and audited.", Required = true }, new("--confirm") { Description = "The name once more.", Required = true });
}
