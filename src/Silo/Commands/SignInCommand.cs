using System.CommandLine;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Prints a new one-time link for a browser.</summary>
internal static class SignInCommand
{
    public static Command Create()
    {
        var command = new Command("signin", "Print a link that signs one browser in, once, within 15 minutes.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            if (api.IsOwn)
                throw new CommandFailedException($"No Sophia is running to sign in to: run {SophiaCommand.Name} up.");
            Console.Out.WriteLine((await api.Send(HttpMethod.Post, "api/signin-links", null, EdgeJson.Default.SignInLink, cancellation)).Url);
            return ExitCodes.Done;
        });
        return command;
    }
}
