using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>Orleans' dashboard shows the grains of all tenants, so it opens for who looks after the installation, and for nobody else.</summary>
[Collection("cluster")]
public sealed class DashboardTests(ClusterFixture fixture)
{
    private static readonly string[] Addresses = ["/dashboard/", "/dashboard/index.min.js", "/dashboard/DashboardCounters", "/dashboard/ClusterStats", "/dashboard/version"];

    [ClusterFact]
    public async Task Nobody_and_no_other_tenant_and_no_viewer_opens_it()
    {
        await fixture.Whole();
        var tenant = $"t-{Guid.NewGuid():n}"[..20];
        using var owner = With(HomeFolder.CliKey(fixture.Cluster.FrontendFolder));
        using var created = await owner.PostAsJsonAsync("/api/tenants", new { tenant, displayName = tenant });
        using var otherOwner = With((await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString());
        using var viewer = With(await KeyOf(owner, "viewer"));
        using var nobody = With(null);
        foreach (var address in Addresses)
        {
            Assert.Equal((address, HttpStatusCode.Unauthorized), (address, (await nobody.GetAsync(address)).StatusCode));
            Assert.Equal((address, HttpStatusCode.Forbidden), (address, (await viewer.GetAsync(address)).StatusCode));
            Assert.Equal((address, HttpStatusCode.Forbidden), (address, (await otherOwner.GetAsync(address)).StatusCode));
        }
        foreach (var client in (HttpClient[])[viewer, otherOwner])
            Assert.DoesNotContain("href=\"/silos\"", await client.GetStringAsync("/pipelines"));
    }

    [ClusterFact]
    public async Task A_browser_that_asks_for_it_is_told_how_to_sign_in()
    {
        using var nobody = With(null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard/") { Headers = { Accept = { MediaTypeWithQualityHeaderValue.Parse("text/html") } } };
        using var answer = await nobody.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("Sign in", await answer.Content.ReadAsStringAsync());
    }

    [ClusterFact]
    public async Task An_operator_of_the_systems_tenant_sees_every_silo_and_a_link_on_the_pages()
    {
        await fixture.Whole();
        using var owner = With(HomeFolder.CliKey(fixture.Cluster.FrontendFolder));
        using var operating = With(await KeyOf(owner, "operator"));
        Assert.Contains("href=\"/silos\"", await operating.GetStringAsync("/pipelines"));
        string[] parts = ["href=\"/dashboard\"", "silo-1", "silo-2", "silo-3", "gpu=", Operations.SophiaVersion.Current, "PipelineDirectoryGrain"];
        await Eventually.Get(async () => WebUtility.HtmlDecode(await operating.GetStringAsync("/silos")), seen => parts.All(seen.Contains) && !seen.Contains("no answer", StringComparison.Ordinal), "every silo's own account");
        using var page = await operating.GetAsync("/dashboard/");
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.Contains("index.min.js", await page.Content.ReadAsStringAsync());
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("script-src 'self';", policy);
        Assert.True((await operating.GetByteArrayAsync("/dashboard/index.min.js")).Length > 10_000);
        // The dashboard's own grain counts in steps of a second.
        for (var since = System.Diagnostics.Stopwatch.StartNew(); ; await Task.Yield())
        {
            var hosts = (await operating.GetFromJsonAsync<JsonElement>("/dashboard/DashboardCounters")).GetProperty("hosts").EnumerateArray()
                .Where(host => host.GetProperty("status").GetString() == "Active").Select(host => host.GetProperty("siloName").GetString()).Order().ToList();
            if (hosts is ["silo-1", "silo-2", "silo-3"])
                break;
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(60), string.Join(", ", hosts));
        }
        Assert.Equal(HttpStatusCode.OK, (await operating.GetAsync("/metrics")).StatusCode);
    }

    private static async Task<string?> KeyOf(HttpClient owner, string role)
    {
        using var issued = await owner.PostAsJsonAsync("/api/keys", new { label = role, role });
        return (await issued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString();
    }

    private HttpClient With(string? key) => new(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
    {
        BaseAddress = new Uri(fixture.Cluster.Url!), DefaultRequestHeaders = { Authorization = key is null ? null : new("Bearer", key) },
    };
}
