using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Sophia.Cluster;
using Sophia.Hosting;

namespace Sophia.Bench;

/// <summary>What four front ends of a local cluster, each a process of its own, let through together, beside what may pass: requests over HTTP, limits as they are configured, exchanges as shipped. Its counterpart is FourSilos.InProcess.cs.</summary>
internal static class FourSilos
{
    private const int Frontends = 4, Silos = 2, Rate = 200, AtOnce = 64;
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(12);

    // Routes that cost little, each with a limit of its own.
    private static readonly (string Name, string Route, string Limit)[] Limits =
    [
        ("token bucket", "/api/idempotency", $$"""{ "name": "bucket", "routes": ["/api/idempotency"], "limit": {{Rate}}, "burst": {{Rate / 2}} }"""),
        ("fixed window", "/api/degradation", $$"""{ "name": "fixed", "routes": ["/api/degradation"], "algorithm": "fixedWindow", "limit": {{Rate}}, "windowSeconds": 1 }"""),
        ("sliding window", "/api/chat/sessions", $$"""{ "name": "sliding", "routes": ["/api/chat/sessions"], "algorithm": "slidingWindow", "limit": {{Rate}}, "windowSeconds": 1 }"""),
    ];

    public static Task Cost(Action<string, double, double> print) => Task.CompletedTask;

    public static async Task Run(TimeSpan time, Action<string, double> print)
    {
        Environment.SetEnvironmentVariable("SOPHIA_LIMITS", $$"""{ "limits": [ {{string.Join(", ", Limits.Select(one => one.Limit))}} ] }""");
        var folder = Path.Combine(Path.GetTempPath(), $"sophia-limiter-{Guid.NewGuid():n}");
        try
        {
            var cluster = await LocalCluster.Up(folder, Silos, 0, "http://127.0.0.1:0", default);
            List<string> urls = [cluster.Url!];
            while (urls.Count < Frontends)
                urls.Add((await cluster.AddFrontend(default)).Url);
            var callers = urls.Select(url => Caller(url, HomeFolder.CliKey(cluster.FrontendFolder)!)).ToList();
            foreach (var (name, route, _) in Limits)
                foreach (var (called, demand) in ((string, double[])[])[("even", [0.5, 0.5, 0.5, 0.5]), ("skewed", [2, 0.1, 0.1, 0.1])])
                {
                    await Asked(callers, route, demand, Settles);
                    var (admitted, asked) = await Asked(callers, route, demand, time);
                    print($"{Frontends} processes, {name}, {called}", admitted / (Rate * time.TotalSeconds));
                    if (asked < Rate * time.TotalSeconds * 1.5)
                        Console.Error.WriteLine($"Only {asked} were asked for: the machine was too busy for this figure.");
                }
        }
        finally
        {
            await LocalCluster.Open(folder).Down(default);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static HttpClient Caller(string url, string key)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }

    private static async Task<(long Admitted, long Asked)> Asked(List<HttpClient> callers, string route, double[] demand, TimeSpan time)
    {
        var all = await Task.WhenAll(callers.Zip(demand, (http, part) => Task.Run(() => Asked(http, route, part * Rate, time))));
        return (all.Sum(one => one.Admitted), all.Sum(one => one.Asked));
    }

    // What is answered after the time is over does not count.
    private static async Task<(long Admitted, long Asked)> Asked(HttpClient http, string route, double perSecond, TimeSpan time)
    {
        var (clock, asked, admitted, room) = (Stopwatch.StartNew(), 0L, 0L, new SemaphoreSlim(AtOnce));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        var underWay = new List<Task>();
        while (clock.Elapsed < time)
        {
            for (var due = (long)(perSecond * clock.Elapsed.TotalSeconds); asked < due && clock.Elapsed < time; asked++)
            {
                await room.WaitAsync();
                underWay.Add(One());
            }
            await pause.WaitForNextTickAsync();
        }
        await Task.WhenAll(underWay);
        return (admitted, asked);

        async Task One()
        {
            try
            {
                using var answer = await http.GetAsync(route);
                if (answer.StatusCode != HttpStatusCode.TooManyRequests && !answer.IsSuccessStatusCode)
                    throw new InvalidOperationException($"{route} was answered with {answer.StatusCode}.");
                if (answer.IsSuccessStatusCode && clock.Elapsed < time)
                    Interlocked.Increment(ref admitted);
            }
            finally
            {
                room.Release();
            }
        }
    }
}
