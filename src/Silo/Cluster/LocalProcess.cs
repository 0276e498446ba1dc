using System.Diagnostics;
using System.Globalization;
using Sophia.Commands;

namespace Sophia.Cluster;

/// <summary>A process that outlives the command that started it, known by its id and the moment it began, so that no other one is ever taken for it.</summary>
internal sealed record LocalProcess(int Id, string Began)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether it still runs.</summary>
    public bool IsAlive => Stat(Id) is { } stat && stat.Began == Began && stat.State is not ("Z" or "X");

    /// <summary>Starts a program in a session of its own; what it says goes to a file.</summary>
    public static LocalProcess Start(string log, IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> command)
    {
        IReadOnlyList<string> all = ["sh", "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", log, .. command];
        if (File.Exists("/usr/bin/setsid"))
            all = ["/usr/bin/setsid", .. all];
        var start = new ProcessStartInfo(all[0], all.Skip(1)) { WorkingDirectory = "/" };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        return new LocalProcess(process.Id, Stat(process.Id)?.Began ?? "gone");
    }

    /// <summary>Runs a program to its end and returns what it said.</summary>
    /// <exception cref="CommandFailedException">It failed.</exception>
    public static string Run(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new CommandFailedException($"{Path.GetFileName(command[0])} failed: {errors.Result.Trim()} {output.Trim()}");
    }

    /// <param name="signal">As kill names it: KILL, TERM, INT.</param>
    public void Signal(string signal)
    {
        if (!IsAlive)
            return;
        try
        {
            Run(new Dictionary<string, string>(), "kill", $"-{signal}", Id.ToString(CultureInfo.InvariantCulture));
        }
        catch (CommandFailedException) when (!IsAlive)
        {
            // It ended between the look and the signal.
        }
    }

    /// <summary>Asks it to end and waits; ends it by force after <paramref name="within"/>.</summary>
    public async Task Stop(TimeSpan within, CancellationToken cancellation, string signal = "TERM")
    {
        Signal(signal);
        var until = Stopwatch.StartNew();
        while (IsAlive && until.Elapsed < within)
            await Task.Delay(LookEvery, cancellation);
        Signal("KILL");
        while (IsAlive)
            await Task.Delay(LookEvery, cancellation);
    }

    // Without /proc the id alone has to do.
    private static (string State, string Began)? Stat(int id)
    {
        try
        {
            if (!Directory.Exists("/proc/self"))
            {
                using var process = Process.GetProcessById(id);
                return ("R", process.StartTime.Ticks.ToString(CultureInfo.InvariantCulture));
            }
            var text = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0], fields[19]);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
