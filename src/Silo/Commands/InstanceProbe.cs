using System.Diagnostics;
using Sophia.Hosting;

namespace Sophia.Commands;

/// <summary>Asks the Sophia that a data folder names whether it serves.</summary>
/// <remarks>Nobody at the address means that it died and left its name: a command may start its own. Somebody who is slow does not: the folder is theirs, and a second Sophia could only be refused.</remarks>
internal static class InstanceProbe
{
    /// <summary>How long a running Sophia may take to say that it lives, in seconds; a machine that does much else is slow.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <exception cref="CommandFailedException">The process is there and says nothing.</exception>
    public static async Task<bool> Serves(InstanceFile instance, TimeSpan within, CancellationToken cancellation)
    {
        using var probe = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = within };
        try
        {
            using var response = await probe.GetAsync($"{instance.Url}/live", cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return IsRunning(instance.ProcessId)
                ? throw new CommandFailedException($"Sophia (process {instance.ProcessId}) has not answered at {instance.Url} for {within.TotalSeconds:0.#} seconds: it hangs, or the machine is too busy. Try again, or end it.")
                : false;
        }
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
