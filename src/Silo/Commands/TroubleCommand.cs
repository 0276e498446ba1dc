using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Pages;
using Sophia.Resilience;

namespace Sophia.Commands;

/// <summary>Names whom alerts speak of, of all tenants.</summary>
internal static class TroubleCommand
{
    public static Command Create()
    {
        var command = new Command("trouble", "Say who: banned callers, open breakers, refused tenants, held queues, dead work, held levels, of all tenants. For operators of the system's tenant.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var view = await api.Get("api/trouble", EdgeJson.Default.TroublesView, cancellation);
            if (parsed.GetValue(Settings.Json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.TroublesView));
                return ExitCodes.Done;
            }
            Show.Rows(["trouble", "whose", "what", "why", "since", "until"], view.Lines.Select(line => new[]
            {
                TroubleWords.Of(line.What.Kind), Show.Plain(line.Owner), Show.Plain(TroubleWords.Name(line.What)), Show.Plain(line.What.Because, 200), Show.Moment(line.What.Since), Show.Moment(line.What.Until),
            }), view.LookedAt is null ? "Not looked yet: the first look takes a few seconds." : "Nobody is banned or refused, no breaker is open, nothing is held, and nothing is dead.");
            if (view.LeftOut > 0)
                Console.Out.WriteLine($"{Show.Number(view.LeftOut)} more are not shown.");
            if (view.LookedAt is { } at)
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"looked at {Show.Moment(at)}, {view.Tenants} tenants known, {view.NotLookedAt} not looked at yet; something new is seen within {view.SeenWithinSeconds:0} s"));
            return ExitCodes.Done;
        });
        return command;
    }
}
