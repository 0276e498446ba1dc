using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Queues;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Shows queues; puts work in, holds a queue and lets it go; says shares of tenants.</summary>
internal static class QueueCommand
{
    public static Command Create()
    {
        var command = new Command("queue", "Work queues: list, put, hold, let-go, fairness, weigh.") { Plain("list", "List queues with their counts."), Put(), Hold(), LetGo(), Fairness(), Weigh() };
        command.SetAction(Lines);
        return command.OfOthers();
    }

    private static Command Plain(string word, string description)
    {
        var command = new Command(word, description);
        command.SetAction(Lines);
        return command;
    }

    private static async Task<int> Lines(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        Print(parsed, await api.Text(HttpMethod.Get, parsed.About("api/queue"), null, cancellation));
        return ExitCodes.Done;
    }

    private static Command Put()
    {
        var queue = new Argument<string>("queue") { Description = $"The queue; \"{WorkLimits.OwnQueue}\" is served by Sophia's own workers." };
        var kind = new Argument<string>("kind") { Description = "What kind of work it is." };
        var payload = new Argument<string>("payload") { Description = "JSON, or - to read it from the input." };
        var dedup = new Option<string?>("--dedup") { Description = "A second item with this key is not taken." };
        var order = new Option<string?>("--order") { Description = "Items of one order key are done one after the other." };
        var priority = new Option<int>("--priority") { Description = "0 (can wait) to 9 (urgent).", DefaultValueFactory = _ => 5 };
        var command = new Command("put", "Put one item in.") { queue, kind, payload, dedup, order, priority };
        command.SetAction(async (parsed, cancellation) =>
        {
            MustBeOwn(parsed);
            var text = parsed.GetValue(payload) == "-" ? await Console.In.ReadToEndAsync(cancellation) : parsed.GetValue(payload)!;
            if (string.IsNullOrWhiteSpace(parsed.GetValue(queue)) || string.IsNullOrWhiteSpace(parsed.GetValue(kind)))
                throw new CommandFailedException("Name a queue and a kind of work; one of them is empty.");
            JsonElement value;
            try
            {
                value = JsonElement.Parse(text);
            }
            catch (JsonException wrong)
            {
                throw new CommandFailedException(text.Trim().Length == 0 ? "The payload is empty: write JSON, such as '{\"id\": 7}' or '\"a text\"'."
                    : $"The payload is no JSON: line {(wrong.LineNumber ?? 0) + 1}, byte {(wrong.BytePositionInLine ?? 0) + 1}. Write it as '{{\"id\": 7}}', a text as '\"a text\"'.");
            }
            await using var api = await Api.Open(parsed, cancellation);
            var item = new NewItem(parsed.GetValue(kind), value, parsed.GetValue(dedup), parsed.GetValue(order), parsed.GetValue(priority));
            var answers = await api.Send(HttpMethod.Post, $"api/queue/{Uri.EscapeDataString(parsed.GetValue(queue)!)}/items", Api.Json(new NewItems([item]), EdgeJson.Default.NewItems), EdgeJson.Default.IReadOnlyListEnqueueAnswer, cancellation);
            AnsiConsole.MarkupLine(answers[0].State == EnqueueState.Known ? $"It is known as item {answers[0].Id}." : $"Item {answers[0].Id} is taken.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Hold()
    {
        var queue = new Argument<string?>("queue") { Arity = ArgumentArity.ZeroOrOne, Description = "The queue; without one, all." };
        var (reason, confirm) = Words("The queue once more, or all.");
        var command = new Command("hold", "Hold a queue, or all: work is taken in and none is given out.") { queue, reason, confirm };
        command.SetAction((parsed, cancellation) => Post(parsed, "api/queue/hold", new QueueHold(parsed.GetValue(queue), parsed.GetValue(reason), parsed.GetValue(confirm)), cancellation));
        return command;
    }

    private static Command LetGo()
    {
        var queue = new Argument<string?>("queue") { Arity = ArgumentArity.ZeroOrOne, Description = "The queue; without one, what holds all." };
        var (reason, confirm) = Words("The queue once more, or all.");
        var command = new Command("let-go", "Let a held queue go on.") { queue, reason, confirm };
        command.SetAction((parsed, cancellation) => Post(parsed, "api/queue/let-go", new QueueHold(parsed.GetValue(queue), parsed.GetValue(reason), parsed.GetValue(confirm)), cancellation));
        return command;
    }

    private static async Task<int> Post(ParseResult parsed, string address, QueueHold body, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        Print(parsed, await api.Text(HttpMethod.Post, parsed.About(address), Api.Json(body, EdgeJson.Default.QueueHold), cancellation));
        return ExitCodes.Done;
    }

    private static Command Fairness()
    {
        var command = new Command("fairness", "Who has work in hand, of all tenants, and who is noisy: items of the work queue, and runs of pipelines. For operators of the system tenant.");
        command.SetAction(async (parsed, cancellation) =>
        {
            MustBeOwn(parsed);
            await using var api = await Api.Open(parsed, cancellation);
            var text = await api.Text(HttpMethod.Get, "api/queue/fairness", null, cancellation);
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(text);
                return ExitCodes.Done;
            }
            var views = JsonSerializer.Deserialize(text, EdgeJson.Default.IReadOnlyListFairnessView)!;
            Show.Rows(["queue", "tenant", "share", "ready", "in hand", "busy", ""], views.SelectMany(view => view.Tenants.Select(one => new[]
            {
                view.Queue, one.Tenant.Value, $"{one.Weight}", $"{one.Ready}", $"{one.InHand}", $"{one.Busy.TotalSeconds:F1} s", one.IsNoisy ? "[yellow]noisy[/]" : "",
            })), "No tenant has work in hand.");
            foreach (var view in views)
                AnsiConsole.MarkupLine($"[dim]{view.Queue}: {view.Workers} workers, {Show.Number(view.Granted)} items granted[/]");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Weigh()
    {
        var tenant = new Argument<string>("tenant") { Description = "The tenant's name." };
        var weight = new Argument<int>("share") { Description = "Its share among tenants, 1 to 100." };
        var (reason, confirm) = Words("The tenant once more.");
        var command = new Command("weigh", "Say a tenant's share. For the owner of the system tenant.") { tenant, weight, reason, confirm };
        command.SetAction(async (parsed, cancellation) =>
        {
            MustBeOwn(parsed);
            await using var api = await Api.Open(parsed, cancellation);
            var answer = await api.Text(HttpMethod.Post, $"api/queue/weights/{Uri.EscapeDataString(parsed.GetValue(tenant)!)}", Api.Json(new QueueWeight(parsed.GetValue(weight), parsed.GetValue(reason), parsed.GetValue(confirm)), EdgeJson.Default.QueueWeight), cancellation);
            Console.Out.WriteLine(parsed.GetValue(Settings.Json) ? answer : $"The share of {parsed.GetValue(tenant)} is {parsed.GetValue(weight)} now.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static (Option<string> Reason, Option<string> Confirm) Words(string repeats) =>
        (new("--reason") { Description = "Why; kept in the audit.", Required = true }, new("--confirm") { Description = repeats, Required = true });

    // Who puts work in is its tenant; the others are about all tenants, or name one.
    private static void MustBeOwn(ParseResult parsed)
    {
        if (Owner.Of(parsed) is not null)
            throw new CommandFailedException("--owner is for list, hold and let-go.");
    }

    private static void Print(ParseResult parsed, string text)
    {
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(text);
            return;
        }
        Show.Rows(["queue", "waiting", "at work", "done", "dead", "quarantined", "oldest ready", ""], JsonSerializer.Deserialize(text, EdgeJson.Default.IReadOnlyListQueueView)!.Where(queue => queue.Queue.Length > 0 || queue.HeldBecause is not null).Select(queue => new[]
        {
            queue.Queue.Length == 0 ? "(all)" : queue.Queue, Show.Number(queue.Pending), Show.Number(queue.Leased), Show.Number(queue.Done), Show.Number(queue.Dead), Show.Number(queue.Quarantined), Show.Moment(queue.OldestDueAt),
            queue.HeldBecause is null ? "" : $"[yellow]held[/]: {Show.Plain(queue.HeldBecause)}",
        }), "No work was put in yet.");
    }
}
