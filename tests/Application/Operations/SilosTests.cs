using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Operations;

/// <summary>Silos and what is active on them, over REST.</summary>
public sealed class SilosTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task An_operator_of_the_systems_tenant_sees_the_silo_its_load_and_its_grains()
    {
        using var operating = await app.InRole("operator");
        // A silo that does not answer at once is shown without its load.
        var view = await Eventually.Get(() => operating.GetFromJsonAsync<JsonElement>("/api/silos"), view => view.GetProperty("silos").EnumerateArray().All(silo => silo.TryGetProperty("load", out _)) && view.GetProperty("grains").GetArrayLength() > 0, "the silo's load and grains");
        var silo = Assert.Single(view.GetProperty("silos").EnumerateArray());
        Assert.Equal("active", silo.GetProperty("status").GetString());
        Assert.Equal(SophiaVersion.Current, silo.GetProperty("version").GetString());
        Assert.True(silo.GetProperty("load").GetProperty("memoryBytes").GetInt64() > 1_000_000);
        Assert.InRange(DateTimeOffset.UtcNow - silo.GetProperty("startedAt").GetDateTimeOffset(), TimeSpan.FromSeconds(-5), TimeSpan.FromHours(1));
        var tenants = view.GetProperty("grains").EnumerateArray().Single(grain => grain.GetProperty("grain").GetString() == "TenantGrain");
        Assert.True(tenants.GetProperty("total").GetInt32() >= 1);
        Assert.False(tenants.GetProperty("isRuntime").GetBoolean());
    }

    [Fact]
    public async Task Nobody_else_does()
    {
        using var viewer = await app.InRole("viewer");
        var (_, _, other) = await app.NewTenant();
        foreach (var address in new[] { "/api/silos", "/silos", "/pages/silos", "/tenants", "/pages/tenants" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await viewer.GetAsync(address)).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await other.GetAsync(address)).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await app.Stranger.GetAsync(address)).StatusCode);
        }
        using var operating = await app.InRole("operator");
        Assert.Equal(HttpStatusCode.Forbidden, (await operating.GetAsync("/tenants")).StatusCode);
    }
}
