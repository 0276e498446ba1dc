using System.Diagnostics.Metrics;
using StackExchange.Redis;

namespace Sophia.Cluster;

/// <summary>The one connection of this process to Redis, and whether it is worth asking now.</summary>
/// <remarks>Redis holds nothing that Sophia cannot do without. So nobody waits for it: what fails or takes too long switches it off for a moment
/// (<see cref="AgainAfter"/>), in which nobody asks it, and the next call after that finds out whether it is back.</remarks>
public sealed class RedisConnection(ConfigurationOptions settings, string cluster, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long it is let alone after a failure: 5 s.</summary>
    public static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>How long after Redis began anew, or lost its keys, grains that find no state are told that it may be lost: 1 hour, in which a count of wrong sign-ins would have faded.</summary>
    public static readonly TimeSpan DoubtFor = TimeSpan.FromHours(1);

    private static readonly Meter Meter = new("Sophia.Redis");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("sophia.redis.failures", "{failure}", "Calls to Redis that failed or took too long.");

    private readonly Lazy<Task<IConnectionMultiplexer>> connecting = new(async () => await ConnectionMultiplexer.ConnectAsync(settings));
    private long offUntil;
    private long lostAt = DateTimeOffset.MinValue.UtcTicks;

    /// <summary>Before every key that this cluster uses.</summary>
    public string Cluster => cluster;

    /// <summary>Made at the first use; it is there within the time to connect, whether Redis is or not, and connects by itself as soon as it can.</summary>
    public Task<IConnectionMultiplexer> Multiplexer => connecting.Value;

    /// <summary>Whether no call failed lately.</summary>
    public bool IsOn => time.GetUtcNow().UtcTicks >= Interlocked.Read(ref offUntil);

    /// <summary>Whether state that was there may have been lost not long ago.</summary>
    public bool LostLately => time.GetUtcNow().UtcTicks - Interlocked.Read(ref lostAt) < DoubtFor.Ticks;

    /// <summary>Where commands go, or null where it is not worth asking.</summary>
    public IDatabase? Database() => IsOn && Multiplexer is { IsCompletedSuccessfully: true } made && made.Result.IsConnected ? made.Result.GetDatabase() : null;

    /// <summary>Asks Redis, but not for long.</summary>
    /// <returns>Whether it answered.</returns>
    public async Task<bool> Try(Func<Task> call, TimeSpan within)
    {
        if (Database() is null)
            return false;
        try
        {
            await call().WaitAsync(within, time);
            return true;
        }
        catch (Exception failure) when (IsOfRedis(failure))
        {
            Failed(failure);
            return false;
        }
    }

    /// <summary>Since when the keys that are there are all that there were.</summary>
    public void BeganAt(DateTimeOffset at) => Interlocked.Exchange(ref lostAt, at.UtcTicks);

    public async ValueTask DisposeAsync()
    {
        if (connecting.IsValueCreated)
            await (await Multiplexer).DisposeAsync();
    }

    // A Redis that is full or a replica refuses writes and goes on answering questions.
    private void Failed(Exception failure)
    {
        Failures.Add(1);
        if (!failure.Message.Contains("OOM ", StringComparison.Ordinal) && !failure.Message.Contains("READONLY", StringComparison.Ordinal))
            Interlocked.Exchange(ref offUntil, (time.GetUtcNow() + AgainAfter).UtcTicks);
    }

    private static bool IsOfRedis(Exception failure) => failure is RedisException or RedisCommandException or TimeoutException or Orleans.Persistence.Redis.RedisStorageException or ObjectDisposedException;
}
