using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: what is called outside is counted for whom, within bounds, at a price that nobody notices. Method: the counter itself, and real requests to an address where nobody listens.
public sealed class CallTracesTests
{
    private static readonly TenantId Acme = TenantId.Parse("acme");

    [Fact]
    public async Task A_request_is_counted_for_the_tenant_of_its_caller_by_host_and_port_alone_and_one_that_acts_for_nobody_is_not()
    {
        using var traces = new CallTraces(TimeProvider.System);
        using var http = new HttpClient();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync("http://127.0.0.1:1/nobody"));
        using (CallerContext.For(Acme))
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync("http://127.0.0.1:1/secret?words=harbour"));
        using (CallerContext.ForSystem("test"))
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync("http://127.0.0.1:1/"));
        var seen = traces.Seen().Where(one => one.Host == "127.0.0.1:1").ToArray();
        Assert.Equal([new SeenCalls(null, "127.0.0.1:1", 1, 1), new SeenCalls("acme", "127.0.0.1:1", 1, 1)], seen);
        traces.Forget(Acme);
        Assert.DoesNotContain(traces.Seen(), one => one.Tenant == "acme");
    }

    [Fact]
    public void No_more_is_remembered_than_its_bounds_and_a_tenant_that_calls_everybody_hides_no_other()
    {
        using var traces = new CallTraces(TimeProvider.System);
        for (var host = 0; host < 2 * CallTraces.MostOfTenant; host++)
            Count(traces, "acme", host);
        Assert.Equal(CallTraces.MostOfTenant, traces.Seen().Count);
        var tenants = 2 * CallTraces.Most / CallTraces.MostOfTenant;
        for (var tenant = 0; tenant < tenants; tenant++)
            for (var host = 0; host < CallTraces.MostOfTenant; host++)
                Count(traces, $"tenant-{tenant}", host);
        var seen = traces.Seen().GroupBy(one => one.Tenant).ToDictionary(of => of.Key!, of => of.Count());
        Assert.Equal((CallTraces.Most, tenants + 1), (seen.Values.Sum(), seen.Count));
        Assert.All(seen.Values, hosts => Assert.InRange(hosts, CallTraces.Most / (tenants + 1), CallTraces.Most / (tenants + 1) + 1));
        Count(traces, "tenant-0", 7_000);
        var before = traces.Seen();
        Assert.Equal(CallTraces.Most, before.Count);
        traces.Forget(Acme);
        Assert.Equal(before.Where(one => one.Tenant != "acme"), traces.Seen());
        Count(traces, "acme", 1);
        Assert.Contains(traces.Seen(), one => one.Tenant == "acme");
    }

    /// <summary>So that it costs nothing that anybody notices beside a request.</summary>
    [Fact]
    public void Counting_a_call_to_where_somebody_called_before_allocates_nothing()
    {
        using var traces = new CallTraces(TimeProvider.System);
        using var _ = CallerContext.For(Acme);
        traces.Count("model.example:443", failed: false);
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var call = 0; call < 1_000; call++)
                traces.Count("model.example:443", failed: false);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
        Assert.Equal(5_001, Assert.Single(traces.Seen()).Calls);
    }

    private static void Count(CallTraces traces, string tenant, int host)
    {
        using var _ = CallerContext.For(TenantId.Parse(tenant));
        traces.Count($"host-{host}:443", failed: false);
    }
}
