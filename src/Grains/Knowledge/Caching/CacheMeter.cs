using System.Diagnostics.Metrics;

namespace Sophia.Knowledge;

/// <summary>What the cache counts, by kind: where values came from (memory, shared, waited, source), how old they were, and what memory holds.</summary>
internal sealed class CacheMeter
{
    public const string Name = "Sophia.Cache";

    private readonly Counter<long> requests;
    private readonly Histogram<double> age;
    private readonly Meter meter;

    public CacheMeter(IMeterFactory meters)
    {
        meter = meters.Create(Name);
        requests = meter.CreateCounter<long>("sophia.cache.requests", "{request}", "Values asked for, by kind and by where they came from.");
        age = meter.CreateHistogram<double>("sophia.cache.age", "s", "How old a remembered value was when it was used.");
    }

    public void Observe(Func<long> bytes, Func<long> entries)
    {
        meter.CreateObservableGauge("sophia.cache.bytes", bytes, "By", "What values in memory take, as estimated.");
        meter.CreateObservableGauge("sophia.cache.entries", entries, "{entry}", "Values in memory.");
    }

    public void Used(string kind, string from, TimeSpan old)
    {
        requests.Add(1, new("kind", kind), new("from", from));
        age.Record(Math.Max(0, old.TotalSeconds), new KeyValuePair<string, object?>("kind", kind));
    }

    public void Asked(string kind, string from) => requests.Add(1, new("kind", kind), new("from", from));
}
