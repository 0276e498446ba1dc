using System.CommandLine;

namespace Sophia.Commands;

/// <summary>Stands in the help for what the script beside the program does: it builds every test, which the program cannot.</summary>
internal static class TestCommand
{
    public static Command Create()
    {
        var words = new Argument<string[]>("words") { Description = "Only test projects whose name holds one of them: Storage, Grains, … Default: all.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("test", "Build and run every test; say what passed, failed and was skipped, by reason.") { words };
        command.SetAction(int (_) => throw new CommandFailedException("Tests are run by the script in the repository: ./sophia test."));
        return command;
    }
}
