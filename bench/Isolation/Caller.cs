using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Sophia.Bench;

/// <summary>A tenant's callers, in a process of their own: one order a line comes in, one answer a line goes out.</summary>
internal static class Caller
{
    /// <summary>How often each of the quiet tenant's three callers asks, where it is answered in time.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(60);

    public static async Task<int> Run()
    {
        using var orders = new StreamReader(Console.OpenStandardInput()); // The console's own reader keeps its thread while it waits.
        var tenant = JsonSerializer.Deserialize<BenchTenant>((await orders.ReadLineAsync())!)!;
        using var calls = new Calls(tenant);
        while (await orders.ReadLineAsync() is { } line)
        {
            var order = JsonSerializer.Deserialize<CallerOrder>(line)!;
            var (cpu, since) = (Cpu(), Stopwatch.StartNew());
            if (order.Searchable)
            {
                await calls.IsSearchable();
                Tell(new { });
            }
            else if (order.Seconds > 0)
            {
                var waits = await Task.WhenAll(BenchTenant.Kinds.Select((kind, at) => Waits(calls, kind, at, TimeSpan.FromSeconds(order.Seconds))));
                Tell(new CallerWaits(BenchTenant.Kinds.Zip(waits).ToDictionary(one => one.First, one => one.Second), (Cpu() - cpu) / since.Elapsed.TotalSeconds));
            }
            else
            {
                using var stop = new CancellationTokenSource();
                var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var flooding = Task.WhenAll(order.Kinds!.Select((kind, at) => Flood(calls, kind, at, order.Rate, order.Callers, began, stop.Token)));
                await began.Task;
                Tell(new { });
                (cpu, since) = (Cpu(), Stopwatch.StartNew());
                await orders.ReadLineAsync();
                await stop.CancelAsync();
                var (used, seconds) = (Cpu() - cpu, since.Elapsed.TotalSeconds);
                var tallies = await flooding;
                Tell(new CallerTally(order.Kinds!.Zip(tallies).ToDictionary(one => one.First, one => new FloodTally(one.Second.Sent / seconds, one.Second.Done / seconds, one.Second.Refused / seconds, one.Second.Failed / seconds)), used / seconds));
            }
        }
        return 0;
    }

    private static async Task<double[]> Waits(Calls calls, string kind, int seed, TimeSpan within)
    {
        var (random, waits, since) = (new Random(seed), new List<double>(), Stopwatch.StartNew());
        while (since.Elapsed < within)
        {
            var began = Stopwatch.GetTimestamp();
            using (var answer = await calls.Call(kind, random))
            {
                if (!answer.IsSuccessStatusCode)
                    throw new InvalidOperationException($"{kind}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                await answer.Content.ReadAsByteArrayAsync();
            }
            var took = Stopwatch.GetElapsedTime(began);
            waits.Add(took.TotalMilliseconds);
            if (took < Every)
                await Task.Delay(Every - took);
        }
        return [.. waits];
    }

    // Calls go out by the clock, whatever is answered; only where too many are unanswered, one that is due is left out.
    private static async Task<FloodTally> Flood(Calls calls, string kind, int seed, double rate, int most, TaskCompletionSource began, CancellationToken stop)
    {
        var (random, since, open) = (new Random(seed + 7), Stopwatch.StartNew(), new SemaphoreSlim(most));
        var (sent, done, refused, failed, counting, due) = (0L, 0L, 0L, 0L, false, 0L);
        for (; !stop.IsCancellationRequested; await Task.Delay(5, CancellationToken.None))
        {
            for (var now = (long)(since.Elapsed.TotalSeconds * rate); due < now; due++)
                if (open.Wait(0, CancellationToken.None))
                    _ = One(random.Next());
            if (!counting && since.Elapsed > TimeSpan.FromSeconds(2)) // By now there is a line wherever there can be one.
            {
                (sent, done, refused, failed, counting) = (0, 0, 0, 0, true);
                began.TrySetResult();
            }
        }
        var tally = new FloodTally(sent, done, refused, failed);
        for (var left = 0; left < most; left++)
            await open.WaitAsync(CancellationToken.None);
        return tally;

        async Task One(int own)
        {
            Interlocked.Increment(ref sent);
            try
            {
                using var answer = await calls.Call(kind, new Random(own));
                await answer.Content.ReadAsByteArrayAsync(CancellationToken.None);
                if (answer.StatusCode == HttpStatusCode.TooManyRequests)
                    Interlocked.Increment(ref refused);
                else if (answer.IsSuccessStatusCode)
                    Interlocked.Increment(ref done);
                else
                    Interlocked.Increment(ref failed);
            }
            catch (HttpRequestException)
            {
                Interlocked.Increment(ref failed);
            }
            finally
            {
                open.Release();
            }
        }
    }

    private static double Cpu()
    {
        using var own = Process.GetCurrentProcess();
        return own.TotalProcessorTime.TotalSeconds;
    }

    private static void Tell<T>(T answer)
    {
        Console.Out.WriteLine(JsonSerializer.Serialize(answer));
        Console.Out.Flush();
    }
}

/// <summary>What a caller is to do: ask for so many seconds, flood until the next line comes, or wait until all is searchable.</summary>
internal sealed record CallerOrder(double Seconds = 0, bool Searchable = false, string[]? Kinds = null, double Rate = 0, int Callers = 0);

/// <param name="Waits">ms, by kind.</param>
/// <param name="Cores">Processor time of the callers themselves, per second.</param>
internal sealed record CallerWaits(Dictionary<string, double[]> Waits, double Cores);

internal sealed record CallerTally(Dictionary<string, FloodTally> Kinds, double Cores);

/// <summary>Calls a second.</summary>
internal sealed record FloodTally(double Sent, double Done, double Refused, double Failed);
