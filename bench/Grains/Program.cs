using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Sophia.Bench;
using Sophia.Hosting;

// Calls a second, beside the least that would do the same: a channel with a loop within a process, bytes over TCP between two.
if (await SecondProcess.IsMe(args))
    return;
var json = args.Contains("--json");
var time = TimeSpan.FromSeconds(Number("--seconds", 3));
var rounds = (int)Number("--rounds", 1);
var builder = Host.CreateEmptyApplicationBuilder(null);
builder.UseOrleans(silo => silo.UseSingleSilo());
using var host = builder.Build();
await host.StartAsync();
var grains = host.Services.GetRequiredService<IGrainFactory>();
if (!json)
    Console.WriteLine($"{SiloRuntime.Name}, median of {rounds} rounds of {time.TotalSeconds} s");
foreach (var callers in new[] { 1, 16, 100 })
{
    var actors = Enumerable.Range(0, callers).Select(_ => new ChannelActor()).ToArray();
    var pings = Enumerable.Range(0, callers).Select(i => grains.GetGrain<IPingGrain>($"ping{i}")).ToArray();
    await Report($"grains hosted, {callers} callers", "channel actor", () => Rate(callers, (i, n) => pings[i].Ping(n)), () => Rate(callers, (i, n) => actors[i].Ping(n)));
}
var oneActor = new ChannelActor();
var oneGrain = grains.GetGrain<IPingGrain>("one");
await Report("one grain, 100 callers", "channel actor", () => Rate(100, (_, n) => oneGrain.Ping(n)), () => Rate(100, (_, n) => oneActor.Ping(n)));
var drivers = Enumerable.Range(0, 100).Select(i => grains.GetGrain<IPingGrain>($"driver{i}")).ToArray();
var driven = Enumerable.Range(0, 100).Select(_ => new ChannelActor()).ToArray();
await Report("grain to grain, 100 drivers", "channel actor", async () => 100 * await Rate(100, (i, _) => drivers[i].Relay($"target{i}", 100)), () => Rate(100, (i, n) => driven[i].Ping(n)));
await host.StopAsync();

if (await SecondProcess.Start() is { } second)
{
    using var echo = new TcpEcho();
    foreach (var callers in new[] { 1, 16, 100 })
    {
        var bare = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => echo.Caller()));
        foreach (var (name, from) in new[] { ("silo to silo", second.FromSilo), ("client to silo", second.FromClient) })
        {
            var far = second.Grains.Take(callers).Select(grain => from.GetGrain<IPingGrain>(grain)).ToArray();
            await Report($"{name}, {callers} callers", "bare TCP", () => Rate(callers, (i, n) => far[i].Ping(n)), () => Rate(callers, (i, _) => bare[i]()));
        }
    }
    await second.Stop();
}

async Task<double> Rate(int callers, Func<int, int, Task> call)
{
    await Loop(TimeSpan.FromSeconds(0.5));
    var clock = Stopwatch.StartNew();
    var calls = await Loop(time);
    return calls / clock.Elapsed.TotalSeconds;

    async Task<long> Loop(TimeSpan duration)
    {
        var until = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(i => Task.Run(async () =>
        {
            var done = 0L;
            while (Stopwatch.GetTimestamp() < until)
            {
                await call(i, (int)done);
                done++;
            }
            return done;
        })));
        return counts.Sum();
    }
}

// Figure and baseline take turns, so that what else the machine does falls on both.
async Task Report(string bench, string beside, Func<Task<double>> measure, Func<Task<double>> least)
{
    var (figures, baselines) = (new List<double>(), new List<double>());
    for (var round = 0; round < rounds; round++)
    {
        figures.Add(await measure());
        baselines.Add(await least());
    }
    var (figure, baseline) = (Median(figures), Median(baselines));
    Console.WriteLine(json
        ? JsonSerializer.Serialize(new { bench, figure = Math.Round(figure), unit = "calls/s", baseline = Math.Round(baseline), ratio = Math.Round(figure / baseline, 3) })
        : $"{bench,-32} {figure,12:N0} calls/s   {beside} {baseline,12:N0}   ratio {figure / baseline:0.00}");
}

double Median(List<double> figures) => figures.Order().ElementAt(figures.Count / 2);

double Number(string option, double otherwise) => double.TryParse(args.SkipWhile(arg => arg != option).Skip(1).FirstOrDefault(), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
