using System.CommandLine;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Sophia.Chat;
using Sophia.Knowledge;
using Sophia.Operations;
using Spectre.Console;

namespace Sophia.Commands;

/// <summary>Asks a question and prints the answer as it comes, with its sources.</summary>
internal static class AskCommand
{
    public static Command Create()
    {
        var question = new Argument<string>("question") { Description = "What you want to know." };
        var streams = new Option<string[]>("--stream") { Description = "Answer only from these streams." };
        var session = new Option<string?>("--session") { Description = "Go on with this conversation." };
        var command = new Command("ask", "Ask a question; every sentence of the answer names its source.") { question, streams, session };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var filter = parsed.GetValue(streams) is { Length: > 0 } only ? new SearchFilter(Streams: only) : null;
            var request = new AskRequest(parsed.GetValue(question)!, filter);
            if (filter is not null)
                await KnownStreams.Check(api, filter.Streams!, cancellation);
            var json = parsed.GetValue(Settings.Json);
            return await Answer(api, parsed.GetValue(session) ?? $"ask-{Guid.CreateVersion7():n}", request, json, cancellation) ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static async Task<bool> Answer(Api api, string session, AskRequest request, bool json, CancellationToken cancellation)
    {
        var address = $"api/chat/sessions/{Uri.EscapeDataString(session)}";
        var receipt = await api.Send(HttpMethod.Post, $"{address}/questions", Api.Json(request, EdgeJson.Default.AskRequest), EdgeJson.Default.AskReceipt, cancellation);
        using var listen = new HttpRequestMessage(HttpMethod.Get, $"{address}/events?after={receipt.QuestionNumber}");
        listen.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await api.Http.SendAsync(listen, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
            throw Api.FailureOf(response.StatusCode, await response.Content.ReadAsStringAsync(cancellation));
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellation))
        {
            if (item.Data.Length == 0 || JsonSerializer.Deserialize(item.Data, EdgeJson.Default.ChatEvent) is not { } happened || happened.Question != receipt.QuestionNumber)
                continue;
            if (json && happened.Kind is ChatEventKind.Done or ChatEventKind.Failed)
                Console.Out.WriteLine(item.Data);
            else if (!json)
                Print(happened);
            if (happened.Kind is ChatEventKind.Done or ChatEventKind.Failed or ChatEventKind.Stopped)
                return happened.Kind == ChatEventKind.Done;
        }
        throw new CommandFailedException("The answer ended early. Ask again.");
    }

    /// <summary>Characters of what stands near that are printed.</summary>
    private const int NearLength = 200;

    private static void Near(IReadOnlyList<ChatSource> near, NoAnswer? why)
    {
        AnsiConsole.MarkupLine(why == NoAnswer.NotComputed ? "[dim]Some of them:[/]" : "[dim]Near, but no answer:[/]");
        foreach (var source in near)
            AnsiConsole.MarkupLine($"[dim]  {Show.Plain(source.Title)} · {Show.Plain($"{source.Citation.Stream}/{source.Citation.Key} v{source.Citation.Version}")}\n    {Show.Plain(source.Quote, NearLength)}[/]");
    }

    private static void Print(ChatEvent happened)
    {
        switch (happened.Kind)
        {
            case ChatEventKind.Text:
                Console.Out.Write(Show.Tame(happened.Text));
                Console.Out.Flush();
                break;
            case ChatEventKind.Done:
                Console.Out.WriteLine();
                foreach (var source in happened.Sources.DistinctBy(s => s.Mark).OrderBy(s => s.Mark))
                    AnsiConsole.MarkupLine($"[dim]{Markup.Escape($"[{source.Mark}]")} {Show.Plain(source.Title)} · {Show.Plain($"{source.Citation.Stream}/{source.Citation.Key} v{source.Citation.Version}")}[/]");
                if (happened.Near is { Count: > 0 } near)
                    Near(near, happened.Unanswered);
                if (happened.Stale is { } stale)
                    AnsiConsole.MarkupLine($"[dim]{Show.Plain(stale, 300)}[/]");
                if (happened.Degraded is { } reason)
                    AnsiConsole.MarkupLine($"[dim]By words alone: {Show.Plain(reason, 300)}[/]");
                break;
            case ChatEventKind.Failed or ChatEventKind.Stopped:
                Console.Error.WriteLine(happened.Text.Length > 0 ? Show.Tame(happened.Text) : "The answer was stopped.");
                break;
        }
    }
}
