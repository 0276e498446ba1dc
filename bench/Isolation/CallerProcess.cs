using System.Diagnostics;
using System.Text.Json;

namespace Sophia.Bench;

/// <summary>A <see cref="Caller"/> in a process of its own.</summary>
internal sealed class CallerProcess : IAsyncDisposable
{
    private readonly Process process;

    private CallerProcess(Process process) => this.process = process;

    public static async Task<CallerProcess> Start(BenchTenant tenant)
    {
        var started = new CallerProcess(Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["--caller"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
        await started.Send(tenant);
        return started;
    }

    public async Task<CallerWaits> Waits(TimeSpan within)
    {
        await Send(new CallerOrder(Seconds: within.TotalSeconds));
        return await Answer<CallerWaits>();
    }

    /// <summary>Completes when the flood is there; it goes on until <see cref="Stop"/>.</summary>
    public async Task Flood(string[] kinds, double rate, int callers)
    {
        await Send(new CallerOrder(Kinds: kinds, Rate: rate, Callers: callers));
        await Answer<JsonElement>();
    }

    public async Task<CallerTally> Stop()
    {
        await Send(new CallerOrder());
        return await Answer<CallerTally>();
    }

    public async Task IsSearchable()
    {
        await Send(new CallerOrder(Searchable: true));
        await Answer<JsonElement>();
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private async Task Send<T>(T order)
    {
        await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order));
        await process.StandardInput.FlushAsync();
    }

    private async Task<T> Answer<T>() => JsonSerializer.Deserialize<T>(await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("A caller has ended; see above."))!;
}
