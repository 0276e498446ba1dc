using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Commands;

/// <summary>Says what depends on what, what fails, whom it hits and what contains it; approves, declines, lifts and pins containments.</summary>
internal static class DomainsCommand
{
    public static Command Create()
    {
        var command = new Command("domains", "Show failure domains: what fails, whom it hits, what contains it; contain something now; decide about containments.")
        {
            List(), ShowNode(), Impact(), Contain(),
            Decide("approve", "Have a proposed containment done."),
            Decide("decline", "Say no to a proposed containment; it is not proposed again while the failure lasts."),
            Decide("lift", "End a containment."),
            Decide("pin", "Keep a containment until it is lifted by hand."),
        };
        command.SetAction(All);
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Show what fails, containments, and the newest changes; the same as without a word.");
        command.SetAction(All);
        return command;
    }

    private static async Task<int> All(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var view = await api.Get("api/domains", EdgeJson.Default.DomainsView, cancellation);
        if (Json(parsed, () => JsonSerializer.Serialize(view, EdgeJson.Default.DomainsView)))
            return ExitCodes.Done;
        Console.Out.WriteLine($"{view.Nodes.Count + view.LeftOut} nodes, {view.Failing.Count} fail{(view.LookedAt is { } at ? $"; looked at {Show.Moment(at)}" : "; not looked at yet")}");
        foreach (var what in view.Unseen)
            Console.Out.WriteLine($"could not be asked: {Show.OneLine(what)}");
        Show.Rows(["node", "fails since", "because"], view.Failing.Select(failure => (string[])[Show.Plain(failure.Node), Show.Moment(failure.Since), Show.OneLine(failure.HealingSince is null ? failure.Because : $"well again? {failure.Because}")]), "nothing fails");
        Show.Rows(["containment", "phase", "what", "of", "since", "because"], view.Containments.Where(IsOpen).Select(Row), "nothing is contained or proposed");
        Show.Rows(["at", "what", "node", "because", "by"], view.History.Take(10).Select(change => (string[])[Show.Moment(change.At), change.What, Show.Plain(change.Node), Show.OneLine(change.Because), Show.Plain(change.By ?? "rules")]), "no change yet");
        return ExitCodes.Done;
    }

    private static Command ShowNode()
    {
        var node = Node();
        var command = new Command("show", "Show a node: how it is, what it needs and what needs it.") { node };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var (id, view) = (parsed.GetValue(node)!, await api.Get("api/domains", EdgeJson.Default.DomainsView, cancellation));
            if (view.Nodes.FirstOrDefault(one => one.Id == id) is not { } found)
                throw new CommandFailedException($"There is no node {Show.Plain(id)}; \"{SophiaCommand.Name} domains list --json\" names them all.");
            if (Json(parsed, () => JsonSerializer.Serialize(found, EdgeJson.Default.DomainNodeView)))
                return ExitCodes.Done;
            Console.Out.WriteLine(Show.OneLine($"{found.Id}: {Word(found)}{(view.Failing.FirstOrDefault(one => one.Node == id) is { } failure ? $" since {Show.Moment(failure.Since)}: {failure.Because}" : "")}"));
            Show.Rows(["needs", "one of", "calls"], view.Needs.Where(need => need.From == id).Select(need => (string[])[need.Strength.ToString().ToLowerInvariant(), Show.OneLine(string.Join(", ", need.OneOf)), Calls(need)]), "it needs nothing");
            Show.Rows(["is needed", "by", "calls"], view.Needs.Where(need => need.OneOf.Contains(id)).Select(need => (string[])[need.Strength.ToString().ToLowerInvariant(), Show.Plain(need.From), Calls(need)]), "nothing needs it");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Impact()
    {
        var node = Node();
        var command = new Command("impact", "Show whom it would hit, or hits, that a node fails.") { node };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var impact = await api.Get($"api/domains/impact?node={Uri.EscapeDataString(parsed.GetValue(node)!)}", EdgeJson.Default.DomainImpact, cancellation);
            if (Json(parsed, () => JsonSerializer.Serialize(impact, EdgeJson.Default.DomainImpact)))
                return ExitCodes.Done;
            Show.Rows(["of", "fully", "partly", "all"], impact.Counts.Select(count => (string[])[count.Kind.ToString().ToLowerInvariant(), $"{count.Fully}", $"{count.Partly}", $"{count.Of}"]), "nothing is hit");
            Show.Rows(["hit", "node", "because"], impact.Hits.Take(50).Select(hit => (string[])[hit.Hit.ToString().ToLowerInvariant(), Show.Plain(hit.Node), Show.OneLine(hit.Because)]), "");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Decide(string what, string description)
    {
        var id = new Argument<long>("containment") { Description = "Its number." };
        var because = new Option<string>("--because") { Description = "Why; it is shown and audited.", Required = true };
        var confirm = new Option<string>("--confirm") { Description = "The node once more.", Required = true };
        var command = new Command(what, description) { id, because, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new ContainmentWord(parsed.GetValue(because), parsed.GetValue(confirm)), EdgeJson.Default.ContainmentWord);
            var view = await api.Send(HttpMethod.Post, $"api/domains/containments/{parsed.GetValue(id)}/{what}", body, EdgeJson.Default.ContainmentView, cancellation);
            if (!Json(parsed, () => JsonSerializer.Serialize(view, EdgeJson.Default.ContainmentView)))
                Show.Rows(["containment", "phase", "what", "of", "since", "because"], [Row(view)], "");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Contain()
    {
        var node = Node();
        var strategy = new Option<string?>("--strategy") { Description = "isolateTenant, openBreaker, shed, quarantineQueue or reroute; the usual one for the node unless said." };
        var because = new Option<string>("--because") { Description = "Why; it is shown and audited.", Required = true };
        var minutes = new Option<int>("--minutes") { Description = "Until it ends by itself, from 1 to 1440.", DefaultValueFactory = _ => NewContainment.UsualMinutes };
        var confirm = new Option<string>("--confirm") { Description = "The node once more.", Required = true };
        var command = new Command("contain", "Contain a node now, whether it fails or not: isolate a tenant, leave a dependency alone, hold a queue, offer less. It ends by itself, or is lifted.") { node, strategy, because, minutes, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new NewContainment(parsed.GetValue(node), parsed.GetValue(strategy), parsed.GetValue(because), parsed.GetValue(minutes), parsed.GetValue(confirm)), EdgeJson.Default.NewContainment);
            var view = await api.Send(HttpMethod.Post, "api/domains/containments", body, EdgeJson.Default.ContainmentView, cancellation);
            if (!Json(parsed, () => JsonSerializer.Serialize(view, EdgeJson.Default.ContainmentView)))
                Show.Rows(["containment", "phase", "what", "of", "since", "because"], [Row(view)], "");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Argument<string> Node() => new("node") { Description = "Its id, such as dependency/model, silo/silo-1 or queue/acme/mail." };

    private static bool Json(ParseResult parsed, Func<string> write)
    {
        if (!parsed.GetValue(Settings.Json))
            return false;
        Console.Out.WriteLine(write());
        return true;
    }

    private static bool IsOpen(ContainmentView one) => one.Phase is ContainmentPhase.Proposed or ContainmentPhase.Applying or ContainmentPhase.Applied or ContainmentPhase.Lifting;

    private static string[] Row(ContainmentView one) => [$"{one.Id}", one.Phase.ToString().ToLowerInvariant() + (one.IsPinned ? ", pinned" : one.Until is { } until ? $", until {Show.Moment(until)}" : ""), Strategy(one.Strategy), Show.Plain(one.Target), Show.Moment(one.Since), Show.OneLine(one.NotByItself is { } why ? $"{one.Because} ({why})" : one.Because)];

    private static string Strategy(ContainmentStrategy strategy) => strategy switch
    {
        ContainmentStrategy.IsolateTenant => "isolate", ContainmentStrategy.OpenBreaker => "leave alone", ContainmentStrategy.Shed => "offer less", ContainmentStrategy.QuarantineQueue => "hold", _ => "use the other",
    };

    private static string Calls(DomainNeedView need) => $"{need.Calls} seen{(need.IsDeclared ? "" : ", not declared")}";

    private static string Word(DomainNodeView node) => node.IsFailing ? "fails" : node.Hit switch { DomainHit.Fully => "hit fully", DomainHit.Partly => "hit partly", _ => "well" };
}
