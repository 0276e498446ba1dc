using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The bulkheads of this process, by tenant and kind, and the bytes that each tenant holds.</summary>
internal sealed class Bulkheads(IOptionsMonitor<BulkheadsOptions> options, TimeProvider time) : IBulkheads, ITenantCopies
{
    /// <summary>Bulkheads remembered before those that nobody used for a minute are forgotten.</summary>
    private const int MostRemembered = 10_000;

    private static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(1), BytesAgainAfter = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(TenantId Tenant, BulkheadKind Kind), Bulkhead> all = new();
    private readonly ConcurrentDictionary<TenantId, HeldBytes> held = new();

    public async ValueTask<BulkheadPlace> Enter(TenantId tenant, BulkheadKind kind, CancellationToken cancellation)
    {
        var bulkhead = Of(tenant, kind);
        using var patience = Deadline.Left(time) is { } left ? new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time) : null;
        using var either = patience is null ? null : CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        BulkheadEntry entry;
        try
        {
            entry = await bulkhead.Enter(either?.Token ?? cancellation);
        }
        catch (OperationCanceledException) when (patience is { IsCancellationRequested: true } && !cancellation.IsCancellationRequested)
        {
            BulkheadMeter.Refused(kind, "deadline");
            throw Deadline.Passed();
        }
        if (entry.Refusal == BulkheadRefusal.None)
            return entry.Place;
        BulkheadMeter.Refused(kind, entry.Refusal == BulkheadRefusal.Full ? "full" : "late");
        throw Refused(kind, bulkhead.Bound, entry.Refusal, entry.RetryAt);
    }

    public RefusedException? WhyFull(TenantId tenant, BulkheadKind kind)
    {
        var bulkhead = Of(tenant, kind);
        if (!bulkhead.RefusesNow())
            return null;
        BulkheadMeter.Refused(kind, "full");
        return Refused(kind, bulkhead.Bound, BulkheadRefusal.Full, bulkhead.RetryAt());
    }

    public bool TryHold(TenantId tenant, long bytes)
    {
        var taken = held.GetOrAdd(tenant, static _ => new HeldBytes()).TryAdd(bytes, options.CurrentValue.Of(tenant).HeldBytes);
        if (!taken)
            BulkheadMeter.BytesRefused();
        return taken;
    }

    public void GiveBack(TenantId tenant, long bytes)
    {
        if (held.TryGetValue(tenant, out var own))
            own.Take(bytes);
    }

    public RefusedException WhyNotHeld(TenantId tenant) => new(RefusalCode.Busy,
        $"This tenant holds {options.CurrentValue.Of(tenant).HeldBytes >> 20} MiB of what is being received already, as much as it may. Nothing of this was stored.", retryAt: time.GetUtcNow() + BytesAgainAfter);

    public bool HoldsRecords => false;

    // Whoever is inside leaves the bulkhead that he entered; bytes are given back to the counter that is kept.
    public void Forget(TenantId tenant)
    {
        foreach (var at in all.Keys)
            if (at.Tenant == tenant)
                all.TryRemove(at, out _);
        if (held.TryGetValue(tenant, out var own) && own.Now == 0)
            held.TryRemove(tenant, out _);
    }

    /// <summary>What the tenant's bulkheads are, that were used.</summary>
    public IEnumerable<(BulkheadKind Kind, BulkheadBound Bound, BulkheadCounts Counts)> Seen(TenantId tenant) => Enum.GetValues<BulkheadKind>()
        .Where(kind => all.ContainsKey((tenant, kind))).Select(kind => Of(tenant, kind)).Zip(Enum.GetValues<BulkheadKind>().Where(kind => all.ContainsKey((tenant, kind))), (one, kind) => (kind, one.Bound, one.Counts));

    public long BytesOf(TenantId tenant) => held.TryGetValue(tenant, out var own) ? own.Now : 0;

    private Bulkhead Of(TenantId tenant, BulkheadKind kind)
    {
        if (all.TryGetValue((tenant, kind), out var known))
            return known;
        if (all.Count >= MostRemembered)
            foreach (var (idle, _) in all.Where(one => one.Value.IsIdleFor(IdleAfter)))
                all.TryRemove(idle, out _);
        return all.GetOrAdd((tenant, kind), at => new Bulkhead(options.CurrentValue.Of(at.Tenant).Of(at.Kind), time));
    }

    private static RefusedException Refused(BulkheadKind kind, BulkheadBound bound, BulkheadRefusal refusal, DateTimeOffset retryAt)
    {
        var what = kind switch { BulkheadKind.Search => "searches", BulkheadKind.Ask => "answers", BulkheadKind.Ingest => "deliveries", BulkheadKind.Export => "exports", BulkheadKind.Work => "pieces of work", _ => "batches" };
        return new RefusedException(RefusalCode.Busy, refusal == BulkheadRefusal.Full
            ? $"This tenant has {bound.Places} {what} under way and {bound.Waiting} waiting, as many as it may."
            : $"This tenant has {bound.Places} {what} under way, as many as it may, and none ended within {bound.LongestWait.TotalSeconds:0.#} seconds.", retryAt: retryAt);
    }

    private sealed class HeldBytes
    {
        private long held;

        public long Now => Interlocked.Read(ref held);

        public bool TryAdd(long bytes, long most)
        {
            if (Interlocked.Add(ref held, bytes) <= most)
                return true;
            Interlocked.Add(ref held, -bytes);
            return false;
        }

        public void Take(long bytes) => Interlocked.Add(ref held, -bytes);
    }
}
