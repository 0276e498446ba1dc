using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Commands;

/// <summary>Says what is offered and why, and holds or releases a level.</summary>
internal static class DegradationCommand
{
    public static Command Create() => new Command("degradation", "Show how far things are degraded and why; hold a level, or give it back to the rules.") { ShowLevel(), Set(), Release() }.OfOthers();

    private static Command ShowLevel()
    {
        var command = new Command("show", "Show the level, why, what is off, and the newest changes.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            return Print(parsed, await api.Get(parsed.About("api/degradation"), EdgeJson.Default.DegradationStatus, cancellation));
        });
        return command;
    }

    private static Command Set()
    {
        var level = new Argument<string>("level") { Description = "full, partial, minimal or emergency." };
        level.AcceptOnlyFromAmong("full", "partial", "minimal", "emergency");
        var because = new Option<string>("--because") { Description = "Why; it is shown to everybody whom it concerns, and audited.", Required = true };
        var minutes = new Option<int>("--minutes") { Description = "Until it runs out, from 1 to 43200.", DefaultValueFactory = _ => HoldLevel.UsualMinutes };
        var system = System();
        var confirm = Confirm();
        var command = new Command("set", "Hold a level against what the rules say, until it is released or runs out.") { level, because, minutes, system, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new HoldLevel(parsed.GetValue(level), parsed.GetValue(because), parsed.GetValue(minutes), parsed.GetValue(system), parsed.GetValue(confirm)), EdgeJson.Default.HoldLevel);
            return Print(parsed, await api.Send(HttpMethod.Post, parsed.About("api/degradation/hold"), body, EdgeJson.Default.DegradationStatus, cancellation));
        });
        return command;
    }

    private static Command Release()
    {
        var because = new Option<string>("--because") { Description = "Why; audited.", Required = true };
        var (system, confirm) = (System(), Confirm());
        var command = new Command("release", "Give the level back to the rules.") { because, system, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new ReleaseLevel(parsed.GetValue(because), parsed.GetValue(system), parsed.GetValue(confirm)), EdgeJson.Default.ReleaseLevel);
            return Print(parsed, await api.Send(HttpMethod.Post, parsed.About("api/degradation/release"), body, EdgeJson.Default.DegradationStatus, cancellation));
        });
        return command;
    }

    private static Option<string> Confirm() => new("--confirm") { Description = "Whose level it is: the tenant's name, or system with --system.", Required = true };

    private static Option<bool> System() => new("--system") { Description = "For the whole installation, rather than for the tenant." };

    private static int Print(ParseResult parsed, DegradationStatus status)
    {
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(status, EdgeJson.Default.DegradationStatus));
            return ExitCodes.Done;
        }
        Console.Out.WriteLine(Show.OneLine($"{Word(status.Level)}{(status.Because is { } because ? $": {because}" : "")}"));
        if (status.Effects.Off.Count > 0)
            Console.Out.WriteLine($"off: {string.Join(", ", status.Effects.Off)}");
        if (status.Effects.CacheOnly)
            Console.Out.WriteLine($"answers of before are given again for {status.Effects.CacheForSeconds} s{(status.Effects.RefusesMisses ? "; other questions are refused" : "")}");
        if (status.Effects.RequestsPerSecond is { } most)
            Console.Out.WriteLine($"at most {most} reads a second");
        foreach (var part in ((DegradationView?[])[status.System, status.Own]).OfType<DegradationView>())
            Show.Rows([part.Of, "level", "because", "by"], part.History.Take(10).Select(change => (string[])
                [Show.Moment(change.At), Word(change.Level), Show.OneLine(change.Because), Show.Plain(change.By ?? "rules")]), $"{part.Of}: no change yet");
        return ExitCodes.Done;
    }

    private static string Word(DegradationLevel level) => level.ToString().ToLowerInvariant();
}
