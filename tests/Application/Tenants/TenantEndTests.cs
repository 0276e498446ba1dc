using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Postgres;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Servers;

namespace Sophia.Tenants;

// Goal: of a deleted tenant nothing is left anywhere, whatever is killed meanwhile, and nothing of another is touched. Method: tenants with every kind of memory; every store
// is counted by itself, and the data folder is searched for a word that only the deleted tenant knew.
public abstract class TenantEndSuite : IAsyncLifetime
{
    protected const string Marker = "zqxforgetme";

    protected SophiaApp App { get; } = new();

    public virtual async Task InitializeAsync()
    {
        App.Adapt = Hasty;
        await App.InitializeAsync();
    }

    public virtual Task DisposeAsync() => App.DisposeAsync();

    protected static void Hasty(WebApplicationBuilder builder) => builder.Services.Configure<TenantEndOptions>(end => end.CloseFor = ITenantGate.HoldsWithin);

    protected async Task Nothing_is_left_of_a_deleted_tenant_and_its_neighbour_has_all()
    {
        var (name, key, client) = await Filled($"gone{Guid.NewGuid():n}"[..12], Marker);
        App.FilesOf(Path.Combine("data", "inbox", name), (".sample/calls/.hidden", Marker));
        var (other, _, _) = await Filled($"{name}-b", "neighbour");
        var before = await Print(other);
        Assert.Equal(["breaker", "limits"], await States(name));
        Assert.All(await Counts(name), count => Assert.True(count.Value > 0 || count.Key is "kept keys for commands", $"nothing in {count.Key}"));

        await Delete(name);
        var tombstone = await Gone(name);
        Assert.All(await Counts(name), count => Assert.Equal(0, count.Value));
        Assert.Empty(Directory.EnumerateFileSystemEntries(App.Folder, $"*{name}", SearchOption.AllDirectories));
        Assert.Empty(await Holding(Marker));
        Assert.DoesNotContain(await App.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics(), line => line.GrainId.Key.ToString()!.Split('/')[0] == name);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/tenant")).StatusCode);
        Assert.True(tombstone.GetProperty("counts").EnumerateArray().Single(count => count.GetProperty("what").GetString() == "records").GetProperty("count").GetInt64() >= 2);
        Assert.StartsWith("default ", tombstone.GetProperty("by").GetString(), StringComparison.Ordinal);

        Assert.Equal(before, await Print(other));
        await TheNameIsTakenOnlyOnPurpose(name, key);
    }

    private async Task TheNameIsTakenOnlyOnPurpose(string name, string key)
    {
        Assert.Contains("was deleted on", (await (await App.Owner.PostAsJsonAsync("/api/tenants", new { tenant = name, displayName = name })).Problem(409, "conflict")).GetProperty("detail").GetString());
        var again = await App.Owner.PostAsJsonAsync("/api/tenants", new { tenant = name, displayName = name, reuseName = true });
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        var fresh = App.With((await again.Json()).GetProperty("secret").GetString());
        Assert.Equal("[]", await fresh.GetStringAsync("/api/streams"));
        Assert.Empty(await States(name));
        Assert.Equal(HttpStatusCode.Unauthorized, (await App.With(key).GetAsync("/api/streams")).StatusCode);
        await Fill(fresh, name, "the second life");
        await Delete(name);
        await Gone(name);
        Assert.All(await Counts(name), count => Assert.Equal(0, count.Value));
    }

    protected async Task<(string Name, string Key, HttpClient Client)> Filled(string name, string word)
    {
        var key = await App.NewTenant(name);
        var client = App.With(key);
        await Fill(client, name, word);
        return (name, key, client);
    }

    private async Task Fill(HttpClient client, string name, string word)
    {
        await Ok(client.PostAsync("/api/inbox?path=calls/log.jsonl", new StringContent($$"""{"id":"a-1","text":"The pumps of {{word}} stand in Turku."}{{"\n"}}{"id":"bad", {{word}}{{"\n"}}""")));
        await Ok(client.PostAsync("/api/inbox?path=note.txt", new StringContent($"A note about {word} and pumps.")));
        await Found(client, $"of {word} stand");
        await Found(client, $"note about {word}");
        await Ok(client.PutAsync("/api/pipelines/hook", new StringContent($"name: hook\ndescription: about {word}\nsource: {{type: webhook, secret: generated}}\n")));
        await Ok(client.PostAsJsonAsync("/api/ask", new { text = $"Where are the pumps of {word}?", session = "talk" }));
        await Ok(client.PostAsJsonAsync("/api/keys", new { label = name, role = "viewer" }));
        await Eventually.Get(() => client.GetStringAsync("/api/quarantine"), held => held.Contains(word, StringComparison.Ordinal), "the held line");
        await client.GetStringAsync("/api/streams/inbox%2Fcalls%2Flog/profile");
        await Guarded(name);
    }

    /// <summary>A breaker of its own that somebody isolated, and a limit of its own that somebody set.</summary>
    private async Task Guarded(string name)
    {
        using var _ = CallerContext.ForSystem("test");
        var (tenant, grains) = (TenantId.Parse(name), App.Services.GetRequiredService<IGrainFactory>());
        await App.Services.GetRequiredService<IBreakers>().For(tenant, "crm").Enter(default);
        await grains.GetGrain<ICircuitBreakerGrain>(TenantKey.Of(tenant, "crm")).Set(BreakerHold.Isolated, "test", "it costs too much", tenant);
        await grains.GetGrain<ILimitBookGrain>(TenantKey.Of(tenant)).Set(new LimitOverride("api", new LimitTerms(LimitAlgorithm.TokenBucket, 1_000, 1, 1_000), "test", "it needs more", DateTimeOffset.UnixEpoch), tenant);
    }

    /// <summary>Grain states of a tenant by their kind.</summary>
    private async Task<List<string>> States(string name)
    {
        using var _ = CallerContext.ForSystem("test");
        var (tenant, grains) = (TenantId.Parse(name), App.Services.GetRequiredService<IGrainFactory>());
        var found = new List<string>();
        if ((await grains.GetGrain<IBreakerDirectoryGrain>(TenantKey.Of(tenant)).List()).Contains("crm"))
            found.Add("breaker");
        if ((await grains.GetGrain<ILimitBookGrain>(TenantKey.Of(tenant)).View()).Set.Count > 0)
            found.Add("limits");
        return found;
    }

    protected Task Delete(string name) => Ok(App.Owner.PostAsJsonAsync($"/api/tenants/{name}/delete", new { confirm = name, now = true, confirmNow = $"delete {name} now" }));

    protected async Task<JsonElement> Gone(string name) => await Eventually.Get(
        () => App.Owner.GetFromJsonAsync<JsonElement>($"/api/tenants/{name}/deletion"), view => view.GetProperty("phase").GetString() == "deleted", "the end of the deletion", TimeSpan.FromMinutes(2));

    protected async Task<Dictionary<string, long>> Counts(string name)
    {
        var counts = new Dictionary<string, long>();
        foreach (var memory in App.Services.GetServices<ITenantMemory>())
            counts.Add(memory.Name, await memory.Count(TenantId.Parse(name), default));
        return counts;
    }

    /// <summary>Checksums of what a tenant has; an export adds to its audit, so that part is left out.</summary>
    protected async Task<string> Print(string name)
    {
        using var zip = new System.IO.Compression.ZipArchive(await App.Owner.GetStreamAsync($"/api/tenants/{name}/export"));
        using var manifest = new StreamReader(await zip.GetEntry("manifest.json")!.OpenAsync());
        var files = JsonDocument.Parse(await manifest.ReadToEndAsync()).RootElement.GetProperty("files").EnumerateArray().Where(file => file.GetProperty("name").GetString() != "audit.jsonl");
        var inbox = Path.Combine(App.Folder, "data", "inbox", name);
        return string.Join('\n', files.Select(file => file.GetRawText())
            .Concat(Directory.EnumerateFiles(inbox, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}")));
    }

    /// <summary>Places outside of the process that hold a word.</summary>
    protected virtual Task<List<string>> Holding(string word) => Task.FromResult(Directory.EnumerateFiles(App.Folder, "*", SearchOption.AllDirectories)
        .Where(file => !file.EndsWith("LOCK", StringComparison.Ordinal) && Bytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) >= 0).ToList());

    private static byte[] Bytes(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static Task Found(HttpClient client, string word) =>
        Eventually.Get(() => client.GetStringAsync("/api/search?q=pumps"), answer => answer.Replace("\\u", "", StringComparison.Ordinal).Contains(word, StringComparison.Ordinal), word);

    protected static async Task Ok(Task<HttpResponseMessage> asked)
    {
        var answer = await asked;
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }
}

public sealed class SqliteTenantEndTests : TenantEndSuite
{
    [Fact]
    public Task Nothing_is_left_in_the_data_folder() => Nothing_is_left_of_a_deleted_tenant_and_its_neighbour_has_all();

    [Fact]
    public async Task A_deletion_can_be_taken_back_within_its_grace()
    {
        var (name, _, client) = await Filled($"kept{Guid.NewGuid():n}"[..12], "anchors");
        var before = await Print(name);
        await (await App.Owner.PostAsJsonAsync($"/api/tenants/{name}/delete", new { confirm = "another" })).Problem(400, "invalid");
        await (await App.Owner.PostAsJsonAsync($"/api/tenants/{name}/delete", new { confirm = name, now = true })).Problem(400, "invalid");
        await (await client.PostAsJsonAsync($"/api/tenants/{name}/delete", new { confirm = name })).Problem(403, "forbidden");
        await (await App.Owner.PostAsJsonAsync("/api/tenants/default/delete", new { confirm = "default" })).Problem(409, "conflict");
        await (await App.Owner.PostAsJsonAsync("/api/tenants/no-such/delete", new { confirm = "no-such" })).Problem(404, "not-found");
        await (await App.Owner.PostAsync($"/api/tenants/{name}/keep", null)).Problem(404, "not-found");

        var answer = await App.Owner.PostAsJsonAsync($"/api/tenants/{name}/delete", new { confirm = name });
        var view = await answer.Json();
        Assert.Equal("scheduled", view.GetProperty("phase").GetString());
        Assert.Equal(TimeSpan.FromDays(7), view.GetProperty("deletesAt").GetDateTimeOffset() - view.GetProperty("requestedAt").GetDateTimeOffset());
        Assert.Contains("will be deleted on", (await (await client.GetAsync("/api/streams")).Problem(403, "forbidden")).GetProperty("detail").GetString());
        await (await App.Owner.PostAsync($"/api/tenants/{name}/resume", null)).Problem(409, "conflict");

        await App.Restart();
        await Ok(App.Owner.PostAsync($"/api/tenants/{name}/keep", null));
        Assert.Contains("taken back", (await (await App.Owner.GetAsync("/api/tenants")).Json()).ToString());
        await Ok(App.Owner.PostAsync($"/api/tenants/{name}/resume", null));
        Assert.Equal(before, await Print(name));
    }

    [Fact]
    public async Task A_deletion_that_is_interrupted_in_any_step_goes_on_by_itself()
    {
        var saboteur = new Saboteur();
        App.Adapt = builder =>
        {
            Hasty(builder);
            saboteur.Surround(builder.Services);
        };
        await App.Restart();
        var (name, _, _) = await Filled($"torn{Guid.NewGuid():n}"[..12], Marker);
        saboteur.Armed = true;
        await Delete(name);
        await Eventually.Get(() => App.Owner.GetFromJsonAsync<JsonElement>($"/api/tenants/{name}/deletion"), view => view.GetProperty("phase").GetString() == "closing", "the closing of doors");
        await App.Restart();
        var interrupted = 0;
        while (await Eventually.Get(async () => saboteur.Struck ?? (await App.Owner.GetFromJsonAsync<JsonElement>($"/api/tenants/{name}/deletion")).GetProperty("phase").GetString(), state => saboteur.Struck is not null || state == "deleted", "the next step") != "deleted")
        {
            interrupted++;
            saboteur.GoOn();
            await App.Restart();
        }
        Assert.InRange(interrupted, 12, 60);
        Assert.All(await Counts(name), count => Assert.Equal(0, count.Value));
        Assert.Empty(await Holding(Marker));
    }
}

// Goal: nobody is told that a tenant is kept whose doors are closing. Method: the deletion is stopped just after it closed them; then somebody takes it back, at once and after a start.
public sealed class ClosingDoorsTests : TenantEndSuite
{
    private readonly HeldAtTheDoors held = new();

    [Fact]
    public async Task A_deletion_that_closes_the_doors_is_not_taken_back_also_after_a_restart_and_comes_to_its_end()
    {
        App.Adapt = builder =>
        {
            Hasty(builder);
            builder.Services.AddSingleton<IOutgoingGrainCallFilter>(held);
        };
        await App.Restart();
        var name = $"late{Guid.NewGuid():n}"[..12];
        await App.NewTenant(name);
        held.Armed = true;
        await Delete(name);
        await held.Closed.Task.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Contains("cannot be taken back", await Refusal(name));

        var stopping = App.Restart();
        held.GoOn.SetResult();
        await stopping;
        Assert.Contains("cannot be taken back", await Refusal(name));
        await Gone(name);
        Assert.All(await Counts(name), count => Assert.Equal(0, count.Value));
        await TheNameIsFree(name);
    }

    private async Task<string> Refusal(string name) =>
        (await (await App.Owner.PostAsync($"/api/tenants/{name}/keep", null)).Problem(409, "conflict")).GetProperty("detail").GetString()!;

    private async Task TheNameIsFree(string name)
    {
        var again = await App.Owner.PostAsJsonAsync("/api/tenants", new { tenant = name, displayName = name, reuseName = true });
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
    }

    /// <summary>Holds whoever closes a tenant's doors, once they are closed; after that it loses the answer, as a crash would.</summary>
    private sealed class HeldAtTheDoors : IOutgoingGrainCallFilter
    {
        public bool Armed { get; set; }

        public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            await context.Invoke();
            if (!Armed || context.InterfaceMethod.Name != nameof(ITenantDirectoryGrain.Close))
                return;
            Armed = false;
            Closed.SetResult();
            await GoOn.Task;
            throw new IOException("The answer was lost.");
        }
    }
}

public sealed class PostgresTenantEndTests : TenantEndSuite
{
    private ScratchDatabase? scratch;

    public override async Task InitializeAsync()
    {
        if (PostgresServer.Missing is not null)
            return;
        scratch = new ScratchDatabase(empty: true);
        App.Options = options => options with { Postgres = scratch.Silo, PostgresOwner = scratch.Owner };
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        if (scratch is null)
            return;
        await base.DisposeAsync();
        scratch.Dispose();
    }

    [PostgresFact]
    public Task Nothing_is_left_in_the_database() => Nothing_is_left_of_a_deleted_tenant_and_its_neighbour_has_all();
}

/// <summary>Stands around every place and stops at each call in turn, before and after it is done, until the process is started again.</summary>
internal sealed class Saboteur
{
    private readonly HashSet<string> past = [];

    public bool Armed { get; set; }

    public string? Struck { get; private set; }

    public void GoOn()
    {
        past.Add(Struck!);
        Struck = null;
    }

    public void Surround(IServiceCollection services)
    {
        var known = services.Where(service => service.ServiceType == typeof(ITenantMemory)).ToList();
        foreach (var service in known)
            services.Remove(service);
        foreach (var service in known)
            services.AddSingleton<ITenantMemory>(provider => new Sabotaged(this, (ITenantMemory)(service.ImplementationInstance ?? service.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, service.ImplementationType!))));
    }

    private void At(string place)
    {
        if (!Armed || past.Contains(place))
            return;
        Struck ??= place;
        throw new IOException($"interrupted {place}");
    }

    private sealed class Sabotaged(Saboteur saboteur, ITenantMemory inner) : ITenantMemory
    {
        public string Name => inner.Name;

        public bool Wakes => inner.Wakes;

        public async Task<long> Count(TenantId tenant, CancellationToken cancellation)
        {
            var count = await inner.Count(tenant, cancellation);
            saboteur.At($"{(count > 0 ? "counting" : "checking")} {Name}");
            return count;
        }

        public async Task Erase(TenantId tenant, CancellationToken cancellation)
        {
            saboteur.At($"before {Name}");
            await inner.Erase(tenant, cancellation);
            saboteur.At($"after {Name}");
        }
    }
}
