using System.Diagnostics.Metrics;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What this process called outside, and for whom: a bounded count by tenant and address, which grows old. For any thread.</summary>
/// <remarks>
/// It listens to what .NET measures of each HTTP request at its end, in the flow of the call that made it, so that the caller's tenant is known; nothing is asked of whoever calls, and what makes no request pays nothing.
/// A call that acts for nobody is not counted. An address is a host and a port: never a path or a query, in which somebody's words could stand.
/// </remarks>
internal sealed class CallTraces : IDisposable
{
    /// <summary>Addresses that are counted of one tenant, or of the system's own calls; calls of further ones are not, until others grow old.</summary>
    public const int MostOfTenant = 50;

    /// <summary>Pairs of tenant and address that are counted in all. Where all are taken, whoever has the most gives up the address that it has not called for longest to one that has fewer.</summary>
    public const int Most = 500;

    /// <summary>How long an address is remembered after its last call.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(10);

    private const string Instrument = "http.client.request.duration", Source = "System.Net.Http";

    private readonly MeterListener listener = new();
    private readonly Lock gate = new();
    private readonly Dictionary<string, Dictionary<string, (long Calls, long Failed, long At)>> counts = new(StringComparer.Ordinal);
    private readonly TimeProvider time;
    private int taken;

    public CallTraces(TimeProvider time)
    {
        this.time = time;
        listener.InstrumentPublished = static (instrument, self) =>
        {
            if (instrument is { Name: Instrument, Meter.Name: Source })
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Ended(tags));
        listener.Start();
    }

    /// <summary>In the order of tenants and addresses.</summary>
    public IReadOnlyList<SeenCalls> Seen()
    {
        lock (gate)
        {
            foreach (var (tenant, own) in counts)
            {
                foreach (var old in own.Where(one => time.GetElapsedTime(one.Value.At) > KeptFor).Select(one => one.Key).ToList())
                    Remove(own, old);
                if (own.Count == 0)
                    counts.Remove(tenant);
            }
            return [.. counts.SelectMany(own => own.Value.Select(one => new SeenCalls(own.Key.Length == 0 ? null : own.Key, one.Key, one.Value.Calls, one.Value.Failed))).OrderBy(one => one.Tenant, StringComparer.Ordinal).ThenBy(one => one.Host, StringComparer.Ordinal)];
        }
    }

    /// <summary>One call of whoever the current call acts for.</summary>
    public void Count(string host, bool failed)
    {
        var tenant = CallerContext.Tenant?.Value;
        if (tenant is null && CallerContext.SystemReason is null)
            return;
        lock (gate)
        {
            if (!counts.TryGetValue(tenant ?? "", out var own))
                counts[tenant ?? ""] = own = new(StringComparer.Ordinal);
            if (!own.TryGetValue(host, out var known))
            {
                if (own.Count >= MostOfTenant || (taken >= Most && !MakesRoom(own)))
                    return;
                taken++;
            }
            own[host] = (known.Calls + 1, known.Failed + (failed ? 1 : 0), time.GetTimestamp());
        }
    }

    public void Forget(TenantId tenant)
    {
        lock (gate)
            if (counts.Remove(tenant.Value, out var own))
                taken -= own.Count;
    }

    public void Dispose() => listener.Dispose();

    private bool MakesRoom(Dictionary<string, (long Calls, long Failed, long At)> own)
    {
        var most = counts.Values.MaxBy(one => one.Count)!;
        if (most.Count <= own.Count)
            return false;
        Remove(most, most.MinBy(one => one.Value.At).Key);
        return true;
    }

    private void Remove(Dictionary<string, (long Calls, long Failed, long At)> own, string host)
    {
        own.Remove(host);
        taken--;
    }

    private void Ended(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var (host, port, failed) = ((string?)null, (object?)null, false);
        foreach (var (name, value) in tags)
            switch (name)
            {
                case "server.address":
                    host = value as string;
                    break;
                case "server.port":
                    port = value;
                    break;
                case "error.type":
                    failed = true;
                    break;
            }
        if (host is { Length: > 0 and <= 255 })
            Count($"{host}:{port}", failed);
    }
}
