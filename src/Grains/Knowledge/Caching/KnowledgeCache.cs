using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Remembers what is dear to make, in two levels: this process's memory, and what the processes of a cluster share.</summary>
/// <remarks>
/// A key names everything that a value depends on, so nothing has to be taken back: what has changed is asked for under another key, and the old value
/// dies of age. Of several callers who want one key at a time one loads and the others wait for him; should his caller go away, the next one loads.
/// Whatever is wrong with a level, the source is read.
/// </remarks>
internal sealed partial class KnowledgeCache : ITenantCopies
{
    private const long MiB = 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<CacheKey, Flight> flights = [];
    private readonly CacheMemory memory, vectors;
    private readonly CacheOptions options;
    private readonly ISharedCache? shared;
    private readonly CacheMeter meter;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    private long forgotten;

    public KnowledgeCache(IOptions<CacheOptions> options, IEnumerable<ISharedCache> shared, CacheMeter meter, TimeProvider time, ILogger<KnowledgeCache> logger)
    {
        (this.options, this.shared, this.meter, this.time, this.logger) = (options.Value, shared.LastOrDefault(), meter, time, logger);
        memory = new CacheMemory(this.options.MemoryMiB * MiB, this.options.Entries);
        vectors = new CacheMemory(this.options.VectorMemoryMiB * MiB, this.options.Entries);
        meter.Observe(() => Held().Bytes, () => Held().Entries);
    }

    /// <summary>How often anything was forgotten: what was asked for before may be made of it, and is not remembered.</summary>
    public long Forgotten => Interlocked.Read(ref forgotten);

    /// <summary>Whether values of a kind are remembered at all.</summary>
    public bool IsOn(string kind) => options.MiBOf(kind) > 0;

    /// <summary>The value of a key, remembered or loaded.</summary>
    /// <param name="keep">Whether a loaded value may be remembered; default: always.</param>
    public async Task<T> Get<T>(CacheKey key, CacheFormat<T> format, Func<CancellationToken, Task<T>> load, Func<T, bool>? keep, CancellationToken cancellation) where T : class
    {
        if (!IsOn(key.Kind))
            return await load(cancellation);
        while (true)
        {
            if (Find(key, out var remembered, out var flight) is { } from)
            {
                meter.Used(key.Kind, from, time.GetUtcNow() - remembered.MadeAt);
                return (T)remembered.Value;
            }
            if (flight is null)
                return await Lead(key, format, load, keep, cancellation);
            meter.Asked(key.Kind, "waited");
            if (await flight.Landed.Task.WaitAsync(cancellation) is { IsOver: true } landed)
                return (T)landed.Value();
        }
    }

    /// <summary>What is remembered under a key and when it was made, without loading anything; null: nothing.</summary>
    public async Task<(T Value, DateTimeOffset MadeAt)?> Kept<T>(CacheKey key, CacheFormat<T> format) where T : class
    {
        if (IsOn(key.Kind) && Held(key) is null)
            await Shared(key, format);
        return Held(key) is { } held ? ((T)held.Value, held.MadeAt) : null;
    }

    private (object Value, DateTimeOffset MadeAt)? Held(CacheKey key)
    {
        lock (gate)
            return Of(key.Kind).TryGet(key, time.GetUtcNow(), out var value, out var madeAt) ? (value, madeAt) : null;
    }

    private string? Find(CacheKey key, out (object Value, DateTimeOffset MadeAt) remembered, out Flight? underWay)
    {
        lock (gate)
        {
            underWay = null;
            if (Of(key.Kind).TryGet(key, time.GetUtcNow(), out remembered.Value, out remembered.MadeAt))
                return "memory";
            if (!flights.TryGetValue(key, out underWay))
                flights[key] = new Flight();
            return null;
        }
    }

    private async Task<T> Lead<T>(CacheKey key, CacheFormat<T> format, Func<CancellationToken, Task<T>> load, Func<T, bool>? keep, CancellationToken cancellation) where T : class
    {
        var outcome = new Outcome(null, null);
        try
        {
            var value = await Shared(key, format) ?? await Load(key, format, load, keep, cancellation);
            outcome = new Outcome(value, null);
            return value;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            outcome = new Outcome(null, ExceptionDispatchInfo.Capture(failure));
            throw;
        }
        finally
        {
            Land(key, outcome);
        }
    }

    private async Task<T?> Shared<T>(CacheKey key, CacheFormat<T> format) where T : class
    {
        var seen = Forgotten;
        if (shared is null || await shared.Get(key.Text) is not { } bytes || Opened(key, format, bytes.Span, out var madeAt) is not { } value)
            return null;
        var until = madeAt + options.Lifetime(key.Kind);
        if (until <= time.GetUtcNow())
            return null;
        Remember(key, value, format.Weigh(value), madeAt, until, seen);
        meter.Used(key.Kind, "shared", time.GetUtcNow() - madeAt);
        return value;
    }

    private async Task<T> Load<T>(CacheKey key, CacheFormat<T> format, Func<CancellationToken, Task<T>> load, Func<T, bool>? keep, CancellationToken cancellation) where T : class
    {
        meter.Asked(key.Kind, "source");
        var seen = Forgotten;
        var value = await load(cancellation);
        if (keep?.Invoke(value) != false)
            Keep(key, format, value, seen);
        return value;
    }

    /// <summary>Remembers a value that was made now, unless anything was forgotten since it was begun.</summary>
    /// <param name="seen"><see cref="Forgotten"/> as it was then.</param>
    public void Keep<T>(CacheKey key, CacheFormat<T> format, T value, long seen) where T : class
    {
        var (now, lifetime) = (time.GetUtcNow(), options.Lifetime(key.Kind));
        var weight = format.Weigh(value);
        if (Remember(key, value, weight, now, now + lifetime, seen) && shared is not null && weight <= 4L * 1024 * options.LargestSharedKiB)
        {
            var closed = CacheEnvelope.Close(key, format.Write(value), now);
            if (closed.Length <= 1024 * options.LargestSharedKiB)
                shared.Put(key.Text, closed, lifetime);
        }
    }

    private T? Opened<T>(CacheKey key, CacheFormat<T> format, ReadOnlySpan<byte> bytes, out DateTimeOffset madeAt) where T : class
    {
        if (!CacheEnvelope.TryOpen(key, bytes, out var content, out madeAt))
            return null;
        try
        {
            return format.Read(content);
        }
        catch (Exception unreadable)
        {
            LogUnreadable(unreadable, key.Kind);
            return null;
        }
    }

    private bool Remember(CacheKey key, object value, long weight, DateTimeOffset madeAt, DateTimeOffset until, long seen)
    {
        lock (gate)
        {
            if (seen != forgotten)
                return false;
            Of(key.Kind).Put(key, value, weight, madeAt, until);
            return true;
        }
    }

    private CacheMemory Of(string kind) => kind == CacheOptions.TextVectors ? vectors : memory;

    private void Land(CacheKey key, Outcome outcome)
    {
        Flight? flight;
        lock (gate)
            flights.Remove(key, out flight);
        flight!.Landed.SetResult(outcome);
    }

    public bool HoldsRecords => true;

    public void Forget(TenantId tenant)
    {
        lock (gate)
        {
            Interlocked.Increment(ref forgotten);
            memory.Forget(CacheKey.MarkOf(tenant));
            vectors.Forget(CacheKey.MarkOf(tenant));
        }
    }

    private (long Bytes, long Entries) Held()
    {
        lock (gate)
            return (memory.Bytes + vectors.Bytes, memory.Count + vectors.Count);
    }

    private sealed class Flight
    {
        public TaskCompletionSource<Outcome> Landed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Neither value nor failure: whoever loaded went away.</summary>
    private sealed record Outcome(object? Loaded, ExceptionDispatchInfo? Failure)
    {
        public bool IsOver => Loaded is not null || Failure is not null;

        public object Value()
        {
            Failure?.Throw();
            return Loaded!;
        }
    }

    [LoggerMessage(7011, LogLevel.Warning, "A shared value of kind {Kind} cannot be read; the source is read instead")]
    private partial void LogUnreadable(Exception failure, string kind);
}
