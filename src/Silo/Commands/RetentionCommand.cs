using System.CommandLine;
using System.Text.Json;
using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Says what streams keep of their versions, and removes now what they need not.</summary>
internal static class RetentionCommand
{
    public static Command Create()
    {
        var command = new Command("retention", "Say what streams keep of their versions, and what was removed.") { Look() };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            return Print(parsed, await api.Get("api/retention", EdgeJson.Default.RetentionView, cancellation));
        });
        return command;
    }

    private static Command Look()
    {
        var command = new Command("look", "Remove now what streams need not keep, beside the schedule of every 6 hours.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            return Print(parsed, await api.Send(HttpMethod.Post, "api/retention/look", null, EdgeJson.Default.RetentionView, cancellation));
        });
        return command;
    }

    private static int Print(ParseResult parsed, RetentionView view)
    {
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.RetentionView));
            return ExitCodes.Done;
        }
        Show.Rows(["stream", "keeps", "readable from", "removed", "expired", "looked at"], view.Streams.Select(stream => new[]
        {
            Show.Plain(stream.Stream), Kept(stream), stream.Horizon is null ? "the beginning" : Show.Moment(stream.Horizon), Show.Number(stream.Versions), Show.Number(stream.Expired), Show.Moment(stream.LookedAt),
        }), "No stream has a retention: every version is kept.");
        if (view.Going)
            Console.Out.WriteLine(view.WaitsFor is null ? "A pass goes." : $"A pass waits: {Show.OneLine(view.WaitsFor)}");
        return ExitCodes.Done;
    }

    private static string Kept(StreamRetention stream) => string.Join(" and ", new[]
    {
        stream.Days is { } days ? $"{days} {(days == 1 ? "day" : "days")}" : null, stream.KeepVersions is { } versions ? $"{versions} {(versions == 1 ? "version" : "versions")}" : null, stream.Expire ? "expires" : null,
    }.OfType<string>());
}
