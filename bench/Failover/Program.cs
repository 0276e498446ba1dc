using System.Globalization;
using Sophia.Cluster;

// Kills silos of a real local cluster under load and says how long it took until everything answered again.
// Usage: dotnet run --project bench/Failover -p:SophiaRuntime=Orleans -c Release -- [kills]
const int Conversations = 60, Callers = 6, Silos = 3;
var kills = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
Console.WriteLine($"| setting | kills | first answer, s | half, s | all, s | acknowledged writes | lost | failed calls |\n|---|---|---|---|---|---|---|---|");
foreach (var setting in (string[])["shipped", "patient"])
{
    Environment.SetEnvironmentVariable("SOPHIA_MEMBERSHIP", setting);
    var folder = Path.Combine(Path.GetTempPath(), $"sophia-failover-{Guid.NewGuid():n}");
    var cluster = await LocalCluster.Up(folder, Silos, 0, "http://127.0.0.1:0", default);
    try
    {
        await using var load = await ClusterLoad.On(cluster, "load", Callers);
        load.Begin();
        var (first, half, all) = (new List<double>(), new List<double>(), new List<double>());
        for (var kill = 0; kill < kills; kill++)
        {
            await load.Answers(Conversations);
            await cluster.Kill(1 + kill % Silos, default);
            var took = (await load.Answers(Conversations)).Select(time => time.TotalSeconds).Order().ToList();
            first.Add(took[0]);
            half.Add(took[took.Count / 2]);
            all.Add(took[^1]);
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{setting} kill {kill + 1}: {took[0]:0.00} {took[took.Count / 2]:0.00} {took[^1]:0.00}"));
            await cluster.Scale(Silos, default);
            await load.Acknowledges(5);
        }
        await load.End();
        var lost = await load.Lost();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {setting} | {kills} | {Spread(first)} | {Spread(half)} | {Spread(all)} | {load.Acknowledged} | {lost.Count} | {load.Failures.Count} of {load.Calls} |"));
        foreach (var line in lost.Concat(load.Failures).Take(10))
            await Console.Error.WriteLineAsync(line);
    }
    finally
    {
        await cluster.Down(default);
        Directory.Delete(folder, recursive: true);
    }
}

static string Spread(List<double> times)
{
    var sorted = times.Order().ToList();
    return string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Count / 2]:0.00} ({sorted[0]:0.00} to {sorted[^1]:0.00})");
}
