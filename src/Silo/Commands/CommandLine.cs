using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Runs one command: signals end it in good order, whatever fails becomes one line and an exit code.</summary>
internal sealed class CommandLine
{
    private readonly Command root;

    /// <summary>When the program began. The system's time of the process is not it: the shell that built the program may have become it.</summary>
    public static long Began { get; private set; }

    public CommandLine(string description, params Command[] commands)
    {
        Began = Stopwatch.GetTimestamp();
        // Called what people type: a RootCommand would be called like the program's file.
        root = new Command(SophiaCommand.Name, description) { new HelpOption(), new VersionOption() };
        foreach (var command in commands)
            root.Add(command);
        foreach (var option in Settings.All)
            root.Add(option);
    }

    public async Task<int> Run(string[] args)
    {
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        Show.FitOutput();
        var parsed = root.Parse(args);
        try
        {
            if (WrongWords.Of(parsed) is { } wrong)
                return Fail(wrong, ExitCodes.Failed);
            if (parsed is { Action: ParseErrorAction, UnmatchedTokens.Count: 0, CommandResult.Command: { Action: null, Subcommands.Count: > 0 } bare } && parsed.Errors.Count == 1)
            {
                Console.Error.WriteLine($"{(bare == root ? root.Name : $"{root.Name} {bare.Name}")} wants one of these words: {string.Join(", ", bare.Subcommands.Select(command => command.Name))}.");
                await root.Parse([.. args, "--help"]).InvokeAsync(cancellationToken: stop.Token);
                return ExitCodes.Failed;
            }
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
        }
        catch (StartRefusedException refused)
        {
            return Fail(refused.Message, ExitCodes.CannotStart);
        }
        catch (CommandFailedException failed)
        {
            return Fail(failed.Message, failed.ExitCode);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception surprise) when (surprise is not HttpRequestException && Settings.LogLevelOf(parsed.GetValue(Settings.Log), LogLevel.Information) > LogLevel.Debug)
        {
            return Fail($"Sophia failed: {surprise.Message} (--log debug shows where)", ExitCodes.Failed);
        }
        catch (HttpRequestException gone)
        {
            return Fail($"The running Sophia does not answer any more: {gone.Message.TrimEnd('.')}. What was stored stays; a run under way goes on by itself at the next {SophiaCommand.Name} up.", ExitCodes.Failed);
        }

        void Cancel(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static int Fail(string message, int code)
    {
        Console.Error.WriteLine(Show.Tame(WrongWords.Cut(message)));
        return code;
    }
}

internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>What was asked failed or was refused.</summary>
    public const int Failed = 1;

    /// <summary>The data folder is in use or of a newer version, the port is taken, an option is wrong.</summary>
    public const int CannotStart = 3;

    /// <summary>Ended by a signal.</summary>
    public const int Interrupted = 130;
}

/// <summary>A command that cannot do what was asked, in words for who typed it.</summary>
internal sealed class CommandFailedException(string message, int exitCode = ExitCodes.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
