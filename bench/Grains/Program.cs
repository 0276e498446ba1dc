using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Sophia.Bench;
using Sophia.Hosting;

var json = args.Contains("--json");
var time = TimeSpan.FromSeconds(double.TryParse(args.SkipWhile(arg => arg != "--seconds").Skip(1).FirstOrDefault(), out var s) ? s : 3);
var builder = Host.CreateEmptyApplicationBuilder(null);
builder.UseOrleans(silo => silo.UseSingleSilo());
using var host = builder.Build();
await host.StartAsync();
var grains = host.Services.GetRequiredService<IGrainFactory>();
foreach (var callers in new[] { 1, 16, 100 })
{
    var actors = Enumerable.Range(0, callers).Select(_ => new ChannelActor()).ToArray();
    var pings = Enumerable.Range(0, callers).Select(i => grains.GetGrain<IPingGrain>($"ping{i}")).ToArray();
    Report($"grains hosted, {callers} callers", await Rate(callers, (i, n) => pings[i].Ping(n)), await Rate(callers, (i, n) => actors[i].Ping(n)));
}
var oneActor = new ChannelActor();
var oneGrain = grains.GetGrain<IPingGrain>("one");
Report("one grain, 100 callers", await Rate(100, (_, n) => oneGrain.Ping(n)), await Rate(100, (_, n) => oneActor.Ping(n)));
var drivers = Enumerable.Range(0, 100).Select(i => grains.GetGrain<IPingGrain>($"driver{i}")).ToArray();
var driven = Enumerable.Range(0, 100).Select(_ => new ChannelActor()).ToArray();
Report("grain to grain, 100 drivers",
    100 * await Rate(100, (i, _) => drivers[i].Relay($"target{i}", 100)), await Rate(100, (i, n) => driven[i].Ping(n)));
await host.StopAsync();

async Task<double> Rate(int callers, Func<int, int, Task<int>> call)
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

void Report(string bench, double figure, double baseline) => Console.WriteLine(json
    ? JsonSerializer.Serialize(new { bench, figure = Math.Round(figure), unit = "calls/s", baseline = Math.Round(baseline), ratio = Math.Round(figure / baseline, 3) })
    : $"{bench,-32} {figure,12:N0} calls/s   channel actor {baseline,12:N0}   ratio {figure / baseline:0.00}");
