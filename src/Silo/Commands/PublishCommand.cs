using System.CommandLine;

namespace Sophia.Commands;

/// <summary>Stands in the help for what the script beside the program does: it publishes the program, which needs its sources.</summary>
internal static class PublishCommand
{
    public static Command Create()
    {
        var rid = new Option<string[]>("--rid") { Description = "Only for this platform: linux-x64, linux-arm64, osx-x64, osx-arm64, win-x64, any, or tool (a package for dotnet tool install). Default: all." };
        var to = new Option<string?>("--out") { Description = "Where the archives go. Default: artifacts/publish." };
        var command = new Command("publish", "Make archives of Sophia that need no repository, with checksums and install scripts.") { rid, to };
        command.SetAction(int (_) => throw new CommandFailedException("Archives are made by the script in the repository: ./sophia publish."));
        return command;
    }
}
