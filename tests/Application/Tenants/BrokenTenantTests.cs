using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sophia.Hosting;

namespace Sophia.Tenants;

// Goal: one tenant's damage is that tenant's alone. Method: its log is overwritten while nobody runs, then Sophia starts and everything that visits all tenants ends its visit.
public sealed class BrokenTenantTests : IAsyncLifetime
{
    private readonly SophiaApp app = new();

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_tenant_whose_log_cannot_be_read_stops_neither_the_start_nor_the_others()
    {
        var (whole, broken) = (await app.NewTenant(), await app.NewTenant());
        Assert.True((await Drop(whole.Client, "Before.")).IsSuccessStatusCode);
        Assert.True((await Drop(broken.Client, "Before.")).IsSuccessStatusCode);
        await Rests(whole.Client);
        await Rests(broken.Client);
        await app.Stop();
        var log = Path.Combine(app.Folder, "data", "tenants", broken.Name, "log.db");
        await using (var file = File.OpenWrite(log))
            await file.WriteAsync(Enumerable.Repeat((byte)'x', 8_192).ToArray());
        File.Delete(log + "-wal");
        File.Delete(log + "-shm");

        await app.Start();

        foreach (var sweep in app.Services.GetServices<IHostedService>().OfType<TenantSweep>())
            await sweep.ExecuteTask!;
        Assert.False(app.Running.Stopping.IsCancellationRequested);
        Assert.Empty(await app.Running.GoingOn());
        await (await app.With(broken.Key).GetAsync("/api/streams")).Problem(503, "unavailable");
        var served = app.With(whole.Key);
        Assert.True((await Drop(served, "After the start.")).IsSuccessStatusCode);
        await Eventually.Get(() => served.GetStringAsync("/api/search?q=start"), found => found.Contains("After the start", StringComparison.Ordinal), "the other tenant's record");
        Assert.False(app.Running.Stopping.IsCancellationRequested);
    }

    // Its record is there, nothing runs, and nothing will: the inbox watches its folder.
    private static async Task Rests(HttpClient tenant)
    {
        await Eventually.Get(() => tenant.GetStringAsync("/api/streams"), streams => streams.Contains("inbox", StringComparison.Ordinal), "the first record");
        Assert.True((await tenant.DeleteAsync("/api/pipelines/inbox")).IsSuccessStatusCode);
    }

    private static Task<HttpResponseMessage> Drop(HttpClient tenant, string text) => tenant.PostAsync($"/api/inbox?path=notes/{text.Length}.txt", new StringContent(text));
}
