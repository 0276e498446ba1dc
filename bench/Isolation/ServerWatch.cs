using System.Diagnostics;
using System.Globalization;

namespace Sophia.Bench;

/// <summary>What the server's process did within a window: cores used by kind of thread, share of time that collections stopped it, and how long work waited for a thread of the pool.</summary>
internal sealed class ServerWatch
{
    private const double TicksOfSecond = 100;

    private readonly long began = Stopwatch.GetTimestamp();
    private readonly TimeSpan paused = GC.GetTotalPauseDuration();
    private readonly (int All, int Full) collected = (GC.CollectionCount(0), GC.CollectionCount(2));
    private readonly long allocated = GC.GetTotalAllocatedBytes();
    private readonly Dictionary<string, double> before = ByThread();
    private readonly CancellationTokenSource stop = new();
    private readonly Task<List<double>> waits;

    private ServerWatch() => waits = Task.Factory.StartNew(PoolWaits, TaskCreationOptions.LongRunning);

    public static ServerWatch Begin() => new();

    public ServerCost End()
    {
        stop.Cancel();
        var (seconds, after) = (Stopwatch.GetElapsedTime(began).TotalSeconds, ByThread());
        var cores = after.ToDictionary(one => one.Key, one => Math.Max(0, one.Value - before.GetValueOrDefault(one.Key)) / seconds);
        return new ServerCost(cores, (GC.GetTotalPauseDuration() - paused).TotalSeconds / seconds, (GC.CollectionCount(0) - collected.All) / seconds, (GC.CollectionCount(2) - collected.Full) / seconds, (GC.GetTotalAllocatedBytes() - allocated) / seconds / (1 << 20), SeenWindows.P95(waits.GetAwaiter().GetResult()));
    }

    private List<double> PoolWaits()
    {
        var seen = new List<double>();
        while (!stop.IsCancellationRequested)
        {
            using var done = new ManualResetEventSlim();
            var since = Stopwatch.GetTimestamp();
            var took = 0d;
            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                took = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
                done.Set();
            }, null);
            done.Wait();
            seen.Add(took);
            Thread.Sleep(10);
        }
        return seen;
    }

    // A thread that ended is missed, and its time with it: the pool's come and go slowly.
    private static Dictionary<string, double> ByThread()
    {
        var cores = new Dictionary<string, double>();
        foreach (var thread in Directory.Exists("/proc/self/task") ? Directory.GetDirectories("/proc/self/task") : [])
            try
            {
                var stat = File.ReadAllText($"{thread}/stat");
                var (from, to) = (stat.IndexOf('(', StringComparison.Ordinal), stat.LastIndexOf(')'));
                var fields = stat[(to + 2)..].Split(' ');
                var name = stat[(from + 1)..to].TrimEnd(' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
                cores[name] = cores.GetValueOrDefault(name) + (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksOfSecond;
            }
            catch (IOException)
            {
                // It has ended.
            }
        return cores;
    }
}

/// <param name="Cores">Processor time per second, by kind of thread.</param>
/// <param name="Paused">Share of the time in which collections stopped everything.</param>
/// <param name="Collections">A second, of any generation.</param>
/// <param name="FullCollections">Of these, of the oldest.</param>
/// <param name="Mib">MiB allocated a second.</param>
/// <param name="PoolWait">p95 of how long work waited for a thread of the pool, ms.</param>
internal sealed record ServerCost(Dictionary<string, double> Cores, double Paused, double Collections, double FullCollections, double Mib, double PoolWait);
