using System.Diagnostics;
using System.Runtime;

namespace Sophia.Bench;

/// <summary>What a loop of callers came to; times in seconds.</summary>
internal readonly record struct Measured(double PerSecond, double P50, double P99);

internal static class Loop
{
    /// <summary>Warm is where a second makes the compiler compile fewer methods than this.</summary>
    private const int FewMethods = 20, MostSeconds = 30;

    /// <summary>Until the compiler has done with what is asked, as in a program that has run for a while.</summary>
    public static async Task Warm(int callers, Func<int, int, Task> ask)
    {
        for (var second = 0; second < MostSeconds; second++)
        {
            var (before, of) = (JitInfo.GetCompiledMethodCount(), second);
            await Run(callers, TimeSpan.FromSeconds(1), (caller, i) => ask(caller, of * 1_000_000 + i));
            if (JitInfo.GetCompiledMethodCount() - before < FewMethods)
                return;
        }
    }

    /// <summary>Each caller asks again as soon as it is answered, until the time is over.</summary>
    public static async Task<Measured> Run(int callers, TimeSpan time, Func<int, int, Task> ask)
    {
        var clock = Stopwatch.StartNew();
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var times = (await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var own = new List<double>();
            for (var i = 0; Stopwatch.GetTimestamp() < until; i++)
            {
                var began = Stopwatch.GetTimestamp();
                await ask(caller, i);
                own.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
            return own;
        })))).SelectMany(own => own).Order().ToArray();
        return new Measured(times.Length / clock.Elapsed.TotalSeconds, times[times.Length / 2], times[times.Length * 99 / 100]);
    }
}

/// <summary>What the disk does at best where nobody shares a flush.</summary>
internal static class Floor
{
    private const int Page = 4096;

    public static double SyncsASecond(string folder, TimeSpan time)
    {
        var path = Path.Combine(folder, "floor");
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            var (page, clock, count) = (new byte[Page], Stopwatch.StartNew(), 0);
            for (; clock.Elapsed < time; count++)
            {
                file.Write(page);
                file.Flush(flushToDisk: true);
            }
            return count / clock.Elapsed.TotalSeconds;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
