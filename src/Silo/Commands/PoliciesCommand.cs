using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Commands;

/// <summary>Shows how Sophia calls what it depends on, and what the tenant may do at a time.</summary>
internal static class PoliciesCommand
{
    public static Command Create()
    {
        var command = new Command("policies", "Show policies (timeouts, repetitions, hedges) and bulkheads.") { List(), One() };
        command.SetAction(All);
        return command.OfOthers();
    }

    private static Command List()
    {
        var command = new Command("list", "Show all that were used within minutes: calls, repetitions, budget, p95, and why.");
        command.SetAction(All);
        return command;
    }

    private static Command One()
    {
        var name = new Argument<string>("dependency") { Description = "The dependency, or owner/dependency." };
        var command = new Command("show", "Show one with its rule and what each process did.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var wanted = parsed.GetValue(name)!;
            var found = (await api.Get(parsed.About("api/policies"), EdgeJson.Default.IReadOnlyListPoliciesView, cancellation)).SelectMany(owner => owner.Policies).Where(one => one.Dependency == wanted || $"{one.Owner}/{one.Dependency}" == wanted).ToList();
            return found switch
            {
                [var view] => Print(parsed, view),
                [] => throw new CommandFailedException($"No policy \"{wanted}\" was used within minutes; \"{SophiaCommand.Name} policies\" shows those that were."),
                _ => throw new CommandFailedException($"Say whose: {string.Join(", ", found.Select(one => $"{one.Owner}/{one.Dependency}"))}."),
            };
        });
        return command;
    }

    private static async Task<int> All(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var owners = await api.Get(parsed.About("api/policies"), EdgeJson.Default.IReadOnlyListPoliciesView, cancellation);
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(owners, EdgeJson.Default.IReadOnlyListPoliciesView));
            return ExitCodes.Done;
        }
        Show.Rows(["dependency", "owner", "calls", "failed", "repeated", "hedged", "timed out", "left", "p95", "why"], owners.SelectMany(owner => owner.Policies).Select(one => new[]
        {
            Show.Plain(one.Dependency), Show.Plain(one.Owner), Sum(one, seen => seen.Calls), Sum(one, seen => seen.Failures), Sum(one, seen => seen.Repeats), Sum(one, seen => seen.Hedges), Sum(one, seen => seen.Timeouts),
            Sum(one, seen => seen.BudgetLeft), P95(one.Processes.Max(process => process.Seen.P95)), Show.Plain(one.Because),
        }), "Nothing was called within minutes that has a policy.");
        Show.Rows(["bulkhead", "owner", "under way", "waiting", "let in", "waited", "refused", "why"], owners.SelectMany(owner => owner.Bulkheads).Select(one => new[]
        {
            Show.Plain(one.Kind), Show.Plain(one.Owner), Of(one, seen => seen.Inside), Of(one, seen => seen.InLine), Of(one, seen => seen.Entered), Of(one, seen => seen.Waited), Of(one, seen => seen.Full + seen.Late), Show.Plain(one.Because),
        }), "Nothing was done within minutes that a bulkhead bounds.");
        return ExitCodes.Done;
    }

    private static int Print(ParseResult parsed, PolicyView view)
    {
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.PolicyView));
            return ExitCodes.Done;
        }
        Show.Rows(["", ""], [["dependency", $"{Show.Plain(view.Dependency)} of {Show.Plain(view.Owner)}"], ["why", Show.Plain(view.Because)], ["rule", Show.Plain(view.Rule)], ["in its place", Show.Plain(view.Fallback)]]);
        Show.Rows(["process", "calls", "failed", "repeated", "hedged", "timed out", "no budget", "no time", "breaker", "full", "too late", "under way", "waiting", "left", "p95"], view.Processes.Select(one => new[]
        {
            Show.Plain(one.Name), Show.Number(one.Seen.Calls), Show.Number(one.Seen.Failures), Show.Number(one.Seen.Repeats), Show.Number(one.Seen.Hedges), Show.Number(one.Seen.Timeouts), Show.Number(one.Seen.OutOfBudget),
            Show.Number(one.Seen.OutOfTime), Show.Number(one.Seen.RefusedByBreaker), Show.Number(one.Seen.RefusedFull), Show.Number(one.Seen.RefusedLate), Show.Number(one.Seen.Inside), Show.Number(one.Seen.InLine),
            Show.Number(one.Seen.BudgetLeft), P95(one.Seen.P95),
        }), "No process called it lately.");
        return ExitCodes.Done;
    }

    private static string Sum(PolicyView view, Func<PolicySeen, long> of) => Show.Number(view.Processes.Sum(one => of(one.Seen)));

    private static string Of(BulkheadView view, Func<BulkheadSeen, long> of) => Show.Number(view.Processes.Sum(one => of(one.Seen)));

    private static string P95(double milliseconds) => milliseconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:N0} ms") : "";
}
