using System.CommandLine;
using Sophia.Chat;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Lists conversations and deletes some for good.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 1,000.", DefaultValueFactory = _ => 50 };
        var list = new Command("list", "List conversations, newest first; the same as without a word.") { limit };
        list.SetAction((parsed, cancellation) => List(parsed, parsed.GetValue(limit), cancellation));
        var command = new Command("chat", "List conversations; delete some for good.") { list, Delete() };
        command.SetAction((parsed, cancellation) => List(parsed, 50, cancellation));
        return command;
    }

    private static async Task<int> List(ParseResult parsed, int limit, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var address = $"api/chat/sessions?limit={limit}";
        if (parsed.GetValue(Settings.Json))
            Console.Out.WriteLine(await api.Text(HttpMethod.Get, address, null, cancellation));
        else
            Show.Rows(["conversation", "last", "begins with"], (await api.Get(address, EdgeJson.Default.IReadOnlyListChatView, cancellation)).Select(chat => new[] { chat.Session, Show.Moment(chat.UpdatedAt), Show.Plain(chat.Title, 100) }), "Nobody has asked anything yet.");
        return ExitCodes.Done;
    }

    private static Command Delete()
    {
        var names = new Argument<string[]>("conversations") { Arity = ArgumentArity.OneOrMore, Description = $"As {SophiaCommand.Name} chat list names them." };
        var yes = new Option<bool>("--yes") { Description = "Delete without asking." };
        var command = new Command("delete", "Delete conversations for good: questions, answers and what files remember of them.") { names, yes };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (wanted, failed) = (parsed.GetValue(names)!, 0);
            if (!parsed.GetValue(yes) && !Confirmed(wanted.Length))
                throw new CommandFailedException("Nothing was deleted.");
            await using var api = await Api.Open(parsed, cancellation);
            foreach (var name in wanted)
                try
                {
                    await api.Text(HttpMethod.Delete, $"api/chat/sessions/{Uri.EscapeDataString(name)}", null, cancellation);
                    Console.Out.WriteLine($"{name} is deleted");
                }
                catch (CommandFailedException refused)
                {
                    failed++;
                    Console.Error.WriteLine($"{Show.OneLine(name)}: {Show.OneLine(refused.Message)}");
                }
            return failed == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static bool Confirmed(int count)
    {
        if (Console.IsInputRedirected)
            throw new CommandFailedException("Nothing was deleted: say --yes.");
        Console.Out.Write($"Write the number of conversations ({count}) to delete them for good: ");
        return Console.In.ReadLine()?.Trim() == count.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
