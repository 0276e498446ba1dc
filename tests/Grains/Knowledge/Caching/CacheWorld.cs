using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>A cache with a clock that stands, and a shared level that tests look into.</summary>
internal sealed class CacheWorld : IDisposable
{
    public static readonly TenantId Acme = TenantId.Parse("acme"), Beta = TenantId.Parse("beta");

    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener listener = new();

    public CacheWorld() : this(new CacheOptions())
    {
    }

    public CacheWorld(CacheOptions options)
    {
        Options = options;
        Cache = Another();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (instrument.Meter.Name == CacheMeter.Name && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>())
                all.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument.Name == "sophia.cache.requests")
                Counted.AddOrUpdate((string)tags.ToArray().Single(tag => tag.Key == "from").Value!, value, (_, sum) => sum + value);
            else
                Gauges[instrument.Name] = value;
        });
        listener.Start();
    }

    public CacheOptions Options { get; }

    public Clock Time { get; } = new();

    public SharedLevel Shared { get; } = new();

    public KnowledgeCache Cache { get; }

    public ConcurrentDictionary<string, long> Counted { get; } = new();

    public ConcurrentDictionary<string, long> Gauges { get; } = new();

    /// <summary>A process beside this one.</summary>
    public KnowledgeCache Another() => new(Microsoft.Extensions.Options.Options.Create(Options), [Shared], new CacheMeter(services.GetRequiredService<IMeterFactory>()), Time, NullLogger<KnowledgeCache>.Instance);

    public void ReadGauges() => listener.RecordObservableInstruments();

    public static CacheKey Key(string part, TenantId? tenant = null) => CacheKey.Of("text", tenant ?? Acme, part);

    public Task<string> Get(string part, Func<CancellationToken, Task<string>> load, KnowledgeCache? cache = null, TenantId? tenant = null, CancellationToken cancellation = default) =>
        (cache ?? Cache).Get(Key(part, tenant), Text.Instance, load, null, cancellation);

    public Task<string> Get(string part, string source, KnowledgeCache? cache = null, TenantId? tenant = null) => Get(part, _ => Task.FromResult(source), cache, tenant);

    public void Dispose()
    {
        listener.Dispose();
        services.Dispose();
    }

    internal sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    internal sealed class SharedLevel : ISharedCache
    {
        public ConcurrentDictionary<string, ReadOnlyMemory<byte>> Kept { get; } = new();

        public ValueTask<ReadOnlyMemory<byte>?> Get(string key) => new(Kept.TryGetValue(key, out var value) ? value : null);

        public void Put(string key, ReadOnlyMemory<byte> value, TimeSpan keptFor) => Kept[key] = value;
    }

    internal sealed class Text : CacheFormat<string>
    {
        public static readonly Text Instance = new();

        public override byte[] Write(string value) => Encoding.UTF8.GetBytes(value);

        public override string Read(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

        public override long Weigh(string value) => 2 * value.Length;
    }
}
