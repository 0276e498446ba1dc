using System.Diagnostics;
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
    public void No_more_is_remembered_than_its_bound()
    {
        using var traces = new CallTraces(TimeProvider.System);
        using var _ = CallerContext.For(Acme);
        for (var host = 0; host < 2 * CallTraces.Most; host++)
            traces.Count($"host-{host}:443", failed: false);
        Assert.Equal(CallTraces.Most, traces.Seen().Count);
    }

    [Fact]
    public void Counting_a_call_costs_less_than_anybody_notices_beside_a_request()
    {
        using var traces = new CallTraces(TimeProvider.System);
        using var _ = CallerContext.For(Acme);
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < 20; round++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var call = 0; call < 1_000; call++)
                traces.Count("model.example:443", failed: false);
            best = best < Stopwatch.GetElapsedTime(began) ? best : Stopwatch.GetElapsedTime(began);
        }
        Assert.True(best / 1_000 < TimeSpan.FromMicroseconds(5), $"{best.TotalNanoseconds / 1_000:0} ns a call");
    }
}
