using System.Diagnostics;
using System.Globalization;
using Sophia.Bench;
using Sophia.Cluster;
using Sophia.Hosting;

// Kills silos of a real local cluster under load and says how long it took until everything answered again.
const int Conversations = 60, SlowConversations = 9, Callers = 6, Silos = 3;
if (Options.Read(args) is not { } options || !SiloRuntime.IsOrleans)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}
Console.WriteLine($"Commit {Text(Process.Start(new ProcessStartInfo("git", ["describe", "--always", "--dirty"]) { RedirectStandardOutput = true })!)}, {Environment.ProcessorCount} cores, load at the start {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
Console.WriteLine("| setting | silos killed | first answer, s | half, s | all, s | acknowledged writes | lost | failed calls | answers under way: finished, told why not | runs that went on |\n|---|---|---|---|---|---|---|---|---|---|");
var everything = true;
foreach (var setting in options.Settings)
    everything &= await Measure(setting, options);
return everything ? 0 : 1;

static async Task<bool> Measure(string setting, Options options)
{
    Environment.SetEnvironmentVariable("SOPHIA_MEMBERSHIP", setting);
    await using var model = await SlowModel.Start(pieces: 20, static (_, cancellation) => Task.Delay(TimeSpan.FromMilliseconds(200), cancellation));
    var folder = Path.Combine(Path.GetTempPath(), $"sophia-failover-{Guid.NewGuid():n}");
    try
    {
        var cluster = await LocalCluster.Up(folder, Silos, 0, "http://127.0.0.1:0", default);
        await using var load = await ClusterLoad.On(cluster, "load", Callers);
        load.Begin();
        await load.Acknowledges(5);
        var (first, half, all) = (new List<double>(), new List<double>(), new List<double>());
        var (finished, told, runs, wrong) = (0, 0, 0, new List<string>());
        var since = Stopwatch.StartNew();
        for (var kill = 0; kill < options.Kills && since.Elapsed < options.Within; kill++)
        {
            await load.Answers(Conversations);
            var run = await RunUnderWay.Start(load.Http, folder, kill);
            var slow = new SlowAnswers(load.Http, $"kill-{kill}", SlowConversations, "delivery");
            await slow.Ask();
            await cluster.Kill(1 + kill % Silos, default);
            var took = (await load.Answers(Conversations)).Select(time => time.TotalSeconds).Order().ToList();
            first.Add(took[0]);
            half.Add(took[took.Count / 2]);
            all.Add(took[^1]);
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{setting} kill {kill + 1}: {took[0]:0.00} {took[took.Count / 2]:0.00} {took[^1]:0.00}"));
            await slow.Wake();
            var ends = await slow.Ends();
            (finished, told) = (finished + ends.Finished, told + ends.Told);
            wrong.AddRange([.. ends.Wrong, .. await run.Wrong()]);
            runs++;
            await cluster.Scale(Silos, default);
            await load.Acknowledges(5);
        }
        await load.End();
        var lost = await load.Lost();
        wrong.AddRange([.. lost, .. load.Failures]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {setting} | {all.Count} | {Spread(first)} | {Spread(half)} | {Spread(all)} | {load.Acknowledged:N0} | {lost.Count} | {load.Failures.Count} of {load.Calls:N0} | {finished}, {told} | {runs} of {runs} |"));
        foreach (var line in wrong.Take(10))
            await Console.Error.WriteLineAsync(line);
        return wrong.Count == 0;
    }
    finally
    {
        await LocalCluster.Open(folder).Down(default); // Also where not all of it started.
        Directory.Delete(folder, recursive: true);
    }
}

static string Text(Process process) => process.StandardOutput.ReadToEnd().Trim();

static string Spread(List<double> times)
{
    var sorted = times.Order().ToList();
    return string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Count / 2]:0.00} ({sorted[0]:0.00} to {sorted[^1]:0.00})");
}
