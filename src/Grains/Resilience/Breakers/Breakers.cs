using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The breakers of this process, by key. One that nobody uses costs some hundred bytes and no exchange, until so many are there that it is forgotten; whoever still holds it comes through it to the one that is there now.</summary>
internal sealed class Breakers : IBreakers, ITenantCopies, IDisposable
{
    /// <summary>Breakers remembered before those that nobody used for minutes are looked for.</summary>
    internal const int SweptFrom = 256;

    private static readonly TenantId Installation = TenantId.Parse(TenantKey.System);

    private readonly ConcurrentDictionary<(TenantId Tenant, string Dependency), LocalBreaker> all = new();
    private readonly Lock gate = new();
    private readonly Meter meter = new("Sophia.Resilience");
    private readonly Replicas replicas;
    private readonly IOptionsMonitor<BreakersOptions> options;
    private readonly TimeProvider time;
    private int sweepAt = SweptFrom;

    public Breakers(Replicas replicas, IOptionsMonitor<BreakersOptions> options, TimeProvider time)
    {
        (this.replicas, this.options, this.time) = (replicas, options, time);
        meter.CreateObservableGauge("sophia.breaker.open", Open, "{breaker}", "Breakers of this process that let not every call through, by dependency and why: open, half_open, isolated. All tenants' together.");
    }

    /// <summary>Breakers that are remembered.</summary>
    internal int Count => all.Count;

    public IBreaker For(TenantId tenant, string dependency) => all.TryGetValue((tenant, dependency), out var known) ? known : Made((tenant, dependency));

    public IBreaker OfInstallation(string dependency) => For(Installation, dependency);

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant)
    {
        foreach (var at in all.Keys)
            if (at.Tenant == tenant)
                all.TryRemove(at, out _);
    }

    public void Dispose() => meter.Dispose();

    private LocalBreaker Made((TenantId Tenant, string Dependency) at)
    {
        lock (gate)
        {
            if (all.TryGetValue(at, out var known))
                return known;
            if (all.Count >= sweepAt)
                Sweep();
            var name = TenantKey.Escape(at.Dependency);
            var key = TenantKey.Of(at.Tenant, name);
            return all[at] = new LocalBreaker(name, options.CurrentValue.Of(name), () => replicas.Get(BreakerKind.Singleton, key), breaker => Current(at, breaker), time);
        }
    }

    // Only one breaker of a key may follow the truth: of two, one would hear nothing.
    private LocalBreaker Current((TenantId, string) at, LocalBreaker asked)
    {
        lock (gate)
        {
            var current = all.GetOrAdd(at, asked);
            current.Reopen();
            return current;
        }
    }

    private void Sweep()
    {
        foreach (var (at, breaker) in all)
            if (breaker.IsIdle)
                all.TryRemove(at, out _);
        sweepAt = Math.Max(SweptFrom, all.Count * 2);
    }

    private IEnumerable<Measurement<long>> Open() => all.Values.Where(breaker => !breaker.IsUnused).GroupBy(breaker => (breaker.Dependency, breaker.Does)).Where(group => group.Key.Does != "closed")
        .Select(group => new Measurement<long>(group.Count(), new KeyValuePair<string, object?>("dependency", group.Key.Dependency), new("phase", group.Key.Does)));
}
