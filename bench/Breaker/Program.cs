using System.Diagnostics;
using System.Globalization;
using Polly;
using Sophia.Bench;
using Sophia.Resilience;

// sophia bench breaker [--calls 2000000] [--rounds 9]: what a guarded call costs that does nothing, through our breaker, through Polly's alone, and through ours among Polly's strategies; all in turn, round by round.
var calls = int.Parse(Option("--calls") ?? "2000000", CultureInfo.InvariantCulture);
var rounds = int.Parse(Option("--rounds") ?? "9", CultureInfo.InvariantCulture);
await using var guarded = await Guarded.Start();
var (closed, open) = (guarded.Closed, guarded.Open);
var refused = 0L;
(string Name, Action<int> Run, int Share)[] ways =
[
    ("Polly's breaker alone, synchronous", PollyAlone, 1),
    ("ours, closed: enter, work, report", Ours, 1),
    ("Polly's breaker alone, asynchronous", count => Through(guarded.Polly, count).GetAwaiter().GetResult(), 1),
    ("ours, asynchronous: await enter, work, report", OursAsync, 1),
    ("ours among Polly's strategies, asynchronous", count => Through(guarded.Strategy, count).GetAwaiter().GetResult(), 1),
    ("Polly's pipeline with nothing in it, synchronous", Nothing, 1),
    ("ours, open: refused", Refused, 1),
    ("Polly's breaker, isolated: refused by exception", PollyRefused, 100),
];
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{calls:N0} calls a round, {rounds} rounds of each in turn, {Environment.ProcessorCount} cores; medians\n"));
foreach (var threads in (int[])[1, 4])
{
    var seen = ways.Select(_ => (Times: new List<double>(), Bytes: 0d)).ToArray();
    for (var round = -1; round < rounds; round++)
        for (var way = 0; way < ways.Length; way++)
        {
            var (time, bytes) = Measured(ways[way].Run, calls / ways[way].Share, threads);
            if (round >= 0)
                seen[way] = (seen[way].Times, bytes);
            if (round >= 0)
                seen[way].Times.Add(time);
        }
    Console.WriteLine($"| {threads} {(threads == 1 ? "caller" : "callers at once")} | ns a call | least | to Polly's alone | bytes a call |\n|---|---|---|---|---|");
    for (var way = 0; way < ways.Length; way++)
    {
        var beside = Median(seen[ways[way].Name.Contains("asynchronous", StringComparison.Ordinal) ? 2 : 0].Times);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {ways[way].Name} | {Median(seen[way].Times):N1} | {seen[way].Times.Min():N1} | {Median(seen[way].Times) / beside:N2} | {seen[way].Bytes:N0} |"));
    }
    Console.WriteLine();
}
return refused > 0 ? 0 : 1;

void Ours(int count)
{
    for (var call = 0; call < count; call++)
    {
        var entry = closed.TryEnter();
        if (entry.IsRefused)
            throw new InvalidOperationException(entry.Refusal.Text);
        Work.Done();
        entry.Permit.Report(CallOutcome.Success);
    }
}

void OursAsync(int count) => Async(count).GetAwaiter().GetResult();

async Task Async(int count)
{
    for (var call = 0; call < count; call++)
    {
        var entry = await closed.Enter(default);
        if (entry.IsRefused)
            throw new InvalidOperationException(entry.Refusal.Text);
        await Work.DoneAsync();
        entry.Permit.Report(CallOutcome.Success);
    }
}

void Refused(int count)
{
    for (var call = 0; call < count; call++)
        refused += open.TryEnter().IsRefused ? 1 : 0;
}

void PollyRefused(int count)
{
    for (var call = 0; call < count; call++)
        try
        {
            guarded.PollyOpen.Execute(static () => Work.Done());
        }
        catch (Polly.CircuitBreaker.BrokenCircuitException)
        {
            refused++;
        }
}

void PollyAlone(int count)
{
    var polly = guarded.Polly;
    for (var call = 0; call < count; call++)
        polly.Execute(static () => Work.Done());
}

void Nothing(int count)
{
    var nothing = guarded.Nothing;
    for (var call = 0; call < count; call++)
        nothing.Execute(static () => Work.Done());
}

static async Task Through(ResiliencePipeline pipeline, int count)
{
    for (var call = 0; call < count; call++)
        await pipeline.ExecuteAsync(static _ => Work.DoneAsync());
}

static (double Nanoseconds, double Bytes) Measured(Action<int> run, int count, int threads)
{
    var bytes = 0L;
    var began = Stopwatch.GetTimestamp();
    if (threads == 1)
        One();
    else
    {
        var all = Enumerable.Range(0, threads).Select(_ => new Thread(One)).ToList();
        all.ForEach(thread => thread.Start());
        all.ForEach(thread => thread.Join());
    }
    return (Stopwatch.GetElapsedTime(began).TotalNanoseconds / count, bytes / (double)count / threads);

    void One()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        run(count);
        Interlocked.Add(ref bytes, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

/// <summary>What is guarded: nothing, but never optimised away.</summary>
internal static class Work
{
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    public static void Done()
    {
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    public static ValueTask DoneAsync() => default;
}
