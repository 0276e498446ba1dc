using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Sophia.Cluster;

/// <summary>Says in one line each when Redis goes, comes back, or is set up so that it drops what grains keep; and notes since when it has all that it was given.</summary>
/// <remarks>A Redis that restarted, with or without its files, may lack what was written last. A key of ours names the run that it was written in: under another
/// run, or where it is missing, everything since may be lost, and all processes read from that key when that was.</remarks>
internal sealed partial class RedisWatch(RedisConnection redis, TimeProvider time, ILogger<RedisWatch> logger) : BackgroundService
{
    /// <summary>How often it is looked at.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Within = TimeSpan.FromSeconds(1);

    private bool? wasThere;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await redis.Multiplexer.WaitAsync(stoppingToken);
            using var timer = new PeriodicTimer(LookEvery, time);
            do
                await Look();
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task Look()
    {
        var there = await redis.Try(Note, Within);
        if (there == wasThere || (!there && redis.Database() is not null))
            return;
        if (!there)
            LogAway();
        else if (wasThere is false)
            LogBack();
        wasThere = there;
        if (there)
            await redis.Try(Check, Within);
    }

    private async Task Note()
    {
        var database = redis.Database() ?? throw new TimeoutException("Redis is not connected.");
        var run = RunOf((string?)await database.ExecuteAsync("INFO", "server") ?? "");
        RedisKey key = $"{redis.Cluster}/fast-since";
        var noted = (string?)await database.StringGetAsync(key);
        if (noted?.Split(' ') is [var of, var at] && of == run && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
        {
            redis.BeganAt(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
            return;
        }
        var now = time.GetUtcNow();
        redis.BeganAt(now);
        if (!await IsReplica(database))
            await database.StringSetAsync(key, string.Create(CultureInfo.InvariantCulture, $"{run} {now.ToUnixTimeMilliseconds()}"));
    }

    private async Task Check()
    {
        var database = redis.Database();
        if (database is null)
            return;
        if (await IsReplica(database))
            LogReplica();
        try
        {
            var (policy, file, snapshots) = (await Setting(database, "maxmemory-policy"), await Setting(database, "appendonly"), await Setting(database, "save"));
            if (policy?.StartsWith("allkeys", StringComparison.Ordinal) == true)
                LogDropping(policy);
            if (file == "no" && snapshots is "")
                LogForgetful();
        }
        catch (Exception refused) when (refused is RedisServerException or RedisCommandException)
        {
            // Who may not read the configuration has somebody else to look after it.
        }
    }

    private static async Task<bool> IsReplica(IDatabase database) => ((string?)await database.ExecuteAsync("INFO", "replication"))?.Contains("role:slave", StringComparison.Ordinal) == true;

    private static async Task<string?> Setting(IDatabase database, string name) => (RedisResult[]?)await database.ExecuteAsync("CONFIG", "GET", name) is [_, var value] ? (string?)value : null;

    private static string RunOf(string server) =>
        server.Split('\n').FirstOrDefault(line => line.StartsWith("run_id:", StringComparison.Ordinal))?["run_id:".Length..].Trim() ?? "unnamed";

    [LoggerMessage(6011, LogLevel.Warning, "Redis does not answer. Fast state goes on in memory, each process has its own cache, and a front end that has not read its keys yet signs no browser in; everything else goes on (docs/runbooks/redis-down.md)")]
    private partial void LogAway();

    [LoggerMessage(6012, LogLevel.Information, "Redis answers again")]
    private partial void LogBack();

    [LoggerMessage(6013, LogLevel.Warning, "Redis drops keys of any kind when it is full (maxmemory-policy {Policy}), the state of grains among them; set it to volatile-ttl")]
    private partial void LogDropping(string policy);

    [LoggerMessage(6014, LogLevel.Warning, "Redis keeps nothing over a restart (appendonly no, no snapshots): grains then start with care and browsers sign in again")]
    private partial void LogForgetful();

    [LoggerMessage(6015, LogLevel.Warning, "Redis is a replica that takes no writes: fast state stays in memory, and the cache is not filled")]
    private partial void LogReplica();
}
