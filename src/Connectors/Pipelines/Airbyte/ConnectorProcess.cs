using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Sophia.Pipelines;

/// <summary>
/// One process of a connector and all that it starts. It stands in a group of its own, and a keeper (a few lines of shell) stands between it and
/// Sophia: when Sophia dies, however suddenly, the keeper's input ends, and it ends the group and removes the folder of the configuration.
/// </summary>
/// <remarks>What leaves the group (a daemon that calls setsid) is out of reach; an image is the answer to that. Without <c>setsid</c> on the
/// machine the processes that the system knows as children are ended instead.</remarks>
internal sealed partial class ConnectorProcess : IAsyncDisposable
{
    /// <summary>Lines of standard error that are kept for the explanation of an end.</summary>
    public const int KeptErrorLines = 20;

    private const int Terminate = 15;
    private const int Kill = 9;

    // $1: the folder to remove; $2: seconds between the request to end and the end; $3: docker, $4: the container's name, or empty; $5: 0 where the
    // process leads a group of its own, else empty: then 0 would mean Sophia's; then the command.
    // The input of the keeper is the leash: nothing is ever written to it.
    private const string Keeper = """
        dir=$1; grace=$2; docker=$3; container=$4; group=$5; shift 5
        exec 3<&0 4>&2 2>/dev/null
        "$@" </dev/null 2>&4 3<&- 4>&- &
        child=$!
        {
          cat <&3
          trap '' TERM
          kill -TERM ${group:-$child}
          while [ "$grace" -gt 0 ] && kill -0 $child; do sleep 1; grace=$((grace - 1)); done
          [ -z "$container" ] || "$docker" rm --force "$container"
          rm -rf "$dir"
          kill -KILL ${group:-$child}
        } >/dev/null 2>&1 </dev/null 4>&- &
        keeper=$!
        exec 3<&- 4>&-
        trap '' TERM
        wait $child
        code=$?
        rm -rf "$dir"
        [ -n "$group" ] || kill -KILL $keeper
        exit $code
        """;

    private static readonly string? SetSid = Find("setsid");

    private readonly Process process;
    private readonly ConnectorFolder folder;
    private readonly ConnectorLaunch launch;
    private readonly AirbyteOptions options;
    private readonly Func<string, string> blank;
    private readonly Queue<string> errors = new();
    private readonly Task errorsRead;
    private bool ended;

    private ConnectorProcess(Process process, ConnectorFolder folder, ConnectorLaunch launch, AirbyteOptions options, Func<string, string> blank)
    {
        (this.process, this.folder, this.launch, this.options, this.blank) = (process, folder, launch, options, blank);
        Exited = process.WaitForExitAsync();
        errorsRead = ReadErrors();
    }

    public Stream Output => process.StandardOutput.BaseStream;

    public Task Exited { get; }

    public int ExitCode => process.ExitCode;

    /// <summary>The last lines of standard error, secrets blanked.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (errors)
                return [.. errors];
        }
    }

    /// <summary>Takes the folder with it: it is removed when the process has ended, or could not be started.</summary>
    /// <exception cref="SourceException">It cannot be started.</exception>
    public static ConnectorProcess Start(ConnectorLaunch launch, ConnectorFolder folder, AirbyteOptions options, Func<string, string> blank)
    {
        var start = new ProcessStartInfo { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var part in OperatingSystem.IsWindows() ? launch.Command : Kept(launch, folder, options))
            if (start.FileName.Length == 0)
                start.FileName = part;
            else
                start.ArgumentList.Add(part);
        ConnectorEnvironment.Apply(start.Environment, options.PassedVariables);
        try
        {
            return new ConnectorProcess(Process.Start(start)!, folder, launch, options, blank);
        }
        catch (Exception wrong) when (wrong is Win32Exception or InvalidOperationException)
        {
            folder.Dispose();
            throw new SourceException($"{launch.Command[0]} cannot be started: {wrong.Message}", transient: false, wrong);
        }
    }

    /// <summary>Why it ended so, in words, with what it said last.</summary>
    public string Explain()
    {
        var how = ExitCode switch
        {
            0 => "ended with exit code 0",
            126 => $"could not be run: {launch.Command[0]} is no program that may be executed (exit code 126)",
            127 => $"could not be run: {launch.Command[0]} was not found (exit code 127)",
            137 => "was killed (signal 9): by somebody, or because the machine ran out of memory",
            > 128 and < 192 => string.Create(CultureInfo.InvariantCulture, $"was ended by signal {ExitCode - 128}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"ended with exit code {ExitCode}"),
        };
        var last = Errors.LastOrDefault(line => line.Length > 0);
        return last is null ? how : $"{how}; the last line of its standard error: {last}";
    }

    /// <summary>Ends the whole group: asks, waits as long as the options say, and then does not ask any more.</summary>
    public async Task End()
    {
        if (ended)
            return;
        ended = true;
        var stubborn = false;
        if (!Exited.IsCompleted)
        {
            Signal(Terminate);
            stubborn = await Task.WhenAny(Exited, Task.Delay(options.Grace)) != Exited;
        }
        Signal(Kill);
        if (stubborn && launch.Container is { } container)
            await RemoveContainer(container);
        await Task.WhenAny(Exited, Task.Delay(TimeSpan.FromSeconds(10)));
        await Task.WhenAny(errorsRead, Task.Delay(TimeSpan.FromSeconds(1)));
    }

    public async ValueTask DisposeAsync()
    {
        await End();
        process.Dispose();
        folder.Dispose();
    }

    private static IEnumerable<string> Kept(ConnectorLaunch launch, ConnectorFolder folder, AirbyteOptions options)
    {
        string[] grouped = SetSid is null ? [] : [SetSid];
        return [.. grouped, "/bin/sh", "-c", Keeper, "sophia-keeper", folder.Path, Math.Ceiling(options.Grace.TotalSeconds).ToString(CultureInfo.InvariantCulture),
            options.Docker, launch.Container ?? "", SetSid is null ? "" : "0", .. launch.Command];
    }

    private void Signal(int signal)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && SetSid is not null)
                _ = SendSignal(-process.Id, signal);
            else if (signal == Kill && !process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
            // It ended in this moment.
        }
    }

    private async Task RemoveContainer(string container)
    {
        try
        {
            using var remover = Process.Start(new ProcessStartInfo(options.Docker, ["rm", "--force", container]) { RedirectStandardOutput = true, RedirectStandardError = true });
            await Task.WhenAny(remover!.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(30)));
        }
        catch (Win32Exception)
        {
            // Without docker there is no container either.
        }
    }

    private async Task ReadErrors()
    {
        var lines = new BoundedLines(process.StandardError.BaseStream, ConnectorLines.MaxLength);
        try
        {
            while (await lines.Read() is { } line)
                lock (errors)
                {
                    errors.Enqueue(ConnectorLines.Clip(blank(line.Text)));
                    if (errors.Count > KeptErrorLines)
                        errors.Dequeue();
                }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process is gone with its pipe.
        }
    }

    private static string? Find(string program) => OperatingSystem.IsWindows() ? null
        : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin").Split(':').Append("/usr/bin").Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
