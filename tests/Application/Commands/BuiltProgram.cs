using System.Diagnostics;
using System.Text;

namespace Sophia.Commands;

/// <summary>The built program in a process of its own, over a scratch folder.</summary>
public sealed class BuiltProgram : IDisposable
{
    /// <summary>What only a program that hangs needs, however busy the machine is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly List<Process> started = [];

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"sophia-program-{Guid.NewGuid():n}");

    /// <summary>What the program finds in its environment beside the usual.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>The key that the program keeps for its owner's commands.</summary>
    public string OwnerKey => Sophia.Hosting.HomeFolder.CliKey(Folder) ?? throw new InvalidOperationException("The program has made no key yet.");

    /// <summary>The owner's client.</summary>
    public HttpClient Client(string url) => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri(url), DefaultRequestHeaders = { Authorization = new("Bearer", OwnerKey) },
    };

    public Process Start(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Sophia.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
            Environment = { ["SOPHIA_HOME"] = Folder, ["SOPHIA_URL"] = "http://127.0.0.1:0", ["SOPHIA_LOG"] = "", ["NO_COLOR"] = "1" },
        };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        started.Add(process);
        return process;
    }

    /// <summary>Runs a command to its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> Run(params string[] arguments)
    {
        using var process = Start(arguments);
        started.Remove(process);
        using var deadline = new CancellationTokenSource(Patience);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Starts "up" and returns once it says where it serves.</summary>
    public async Task<(Process Process, string Url, string Said)> Up()
    {
        var process = Start("up");
        var said = new StringBuilder();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            said.AppendLine(line);
            if (line.StartsWith("Ctrl-C", StringComparison.Ordinal))
                break;
        }
        var text = said.ToString();
        Assert.True(text.Contains("Sophia serves at ", StringComparison.Ordinal), text + (process.HasExited ? await process.StandardError.ReadToEndAsync() : ""));
        return (process, text.Split("Sophia serves at ")[1].Split(' ')[0], text);
    }

    /// <summary>Asks the process to end, as a process manager does, and waits for it.</summary>
    public static async Task<int> Terminate(Process process)
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
            await kill.WaitForExitAsync();
        using var deadline = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode;
    }

    public void Dispose()
    {
        foreach (var process in started)
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
        }
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }
}
