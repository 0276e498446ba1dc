using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Chat;

// Goal: a conversation that is deleted is gone, for everybody, in every file, whatever dies in between; and nobody else's is. Method: the whole application over REST, a search of every byte of the tenant's folder, and a store that fails.
public sealed class DeletedChatTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    private const string Word = "zyxomorphine";

    [Fact]
    public async Task A_deleted_conversation_is_gone_from_lists_log_and_files_and_its_name_may_be_used_anew()
    {
        var (name, _, client) = await app.NewTenant();
        await Ask(client, "mine", $"Who has {Word}?");
        await Ask(client, "mine", $"And who had {Word} before?");
        await Ask(client, "other", "Who is left?");
        Assert.NotEmpty(Holding(app, name, Word));

        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync("/api/chat/sessions/mine")).StatusCode);
        await (await client.GetAsync("/api/chat/sessions/mine")).Problem(404, "not-found");
        Assert.Empty((await client.GetFromJsonAsync<JsonElement>("/api/chat/sessions/mine/events")).GetProperty("events").EnumerateArray());
        Assert.Equal(["other"], (await client.GetFromJsonAsync<JsonElement>("/api/chat/sessions")).EnumerateArray().Select(chat => chat.GetProperty("session").GetString()));
        await (await client.DeleteAsync("/api/chat/sessions/mine")).Problem(404, "not-found");
        await Gone(app, name);
        Assert.Empty(Holding(app, name, Word));
        Assert.NotEmpty((await client.GetFromJsonAsync<JsonElement>("/api/chat/sessions/other/events")).GetProperty("events").EnumerateArray());

        var written = Assert.Single(await app.Services.GetRequiredService<ILogStore>().Current(TenantId.Parse(name), "audit/chat", null, 10, default));
        using var audit = JsonDocument.Parse(written.Payload);
        Assert.Equal(("delete", "mine"), (audit.RootElement.GetProperty("what").GetString(), audit.RootElement.GetProperty("of").GetString()));
        Assert.StartsWith("owner (", audit.RootElement.GetProperty("by").GetString(), StringComparison.Ordinal);

        Assert.Equal(1, await Ask(client, "mine", "Is it new?"));
        Assert.Equal("Is it new?", (await client.GetFromJsonAsync<JsonElement>("/api/chat/sessions/mine")).GetProperty("title").GetString());
        Assert.Equal(["mine", "other"], (await client.GetFromJsonAsync<JsonElement>("/api/chat/sessions")).EnumerateArray().Select(chat => chat.GetProperty("session").GetString()));
    }

    [Fact]
    public async Task Conversations_that_are_deleted_at_once_all_go_and_nobody_is_refused()
    {
        var (name, _, client) = await app.NewTenant();
        string[] sessions = [.. Enumerable.Range(0, 12).Select(number => $"c{number}")];
        foreach (var session in sessions)
            await Ask(client, session, "Who is it?");
        var answers = await Task.WhenAll(sessions.Select(session => client.DeleteAsync($"/api/chat/sessions/{session}")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode));
        Assert.Empty((await client.GetFromJsonAsync<JsonElement>("/api/chat/sessions")).EnumerateArray());
        Assert.Equal(sessions.Length, (await app.Services.GetRequiredService<ILogStore>().Current(TenantId.Parse(name), "audit/chat", null, 100, default)).Count);
    }

    [Fact]
    public async Task Strangers_viewers_and_foreign_tenants_delete_nothing()
    {
        await Ask(app.Owner, "kept", "Who keeps it?");
        await (await app.Stranger.DeleteAsync("/api/chat/sessions/kept")).Problem(401, "unauthenticated");
        await (await (await app.InRole("viewer")).DeleteAsync("/api/chat/sessions/kept")).Problem(403, "forbidden");
        var (_, _, other) = await app.NewTenant();
        await (await other.DeleteAsync("/api/chat/sessions/kept")).Problem(404, "not-found");
        await (await app.Owner.DeleteAsync("/api/chat/sessions/Not%20a%20name")).Problem(404, "not-found");
        Assert.Equal("Who keeps it?", (await app.Owner.GetFromJsonAsync<JsonElement>("/api/chat/sessions/kept")).GetProperty("title").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await (await app.InRole("operator")).DeleteAsync("/api/chat/sessions/kept")).StatusCode);
    }

    [Fact]
    public async Task A_deletion_that_was_begun_goes_on_after_a_restart()
    {
        var own = new SophiaApp { Adapt = builder => Failing(builder.Services) };
        try
        {
            await own.InitializeAsync();
            await Ask(own.Owner, "mine", $"Who has {Word}?");
            Assert.False((await own.Owner.DeleteAsync("/api/chat/sessions/mine")).IsSuccessStatusCode);
            Assert.Empty((await own.Owner.GetFromJsonAsync<JsonElement>("/api/chat/sessions")).EnumerateArray());
            own.Adapt = null;
            await own.Restart();
            await (await own.Owner.GetAsync("/api/chat/sessions")).Json(); // Whoever comes by wakes it; so does its reminder.
            await Gone(own, "default");
            await (await own.Owner.GetAsync("/api/chat/sessions/mine")).Problem(404, "not-found");
            Assert.Empty(Holding(own, "default", Word));
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    private static async Task<long> Ask(HttpClient client, string session, string text)
    {
        var asked = (await (await client.PostAsJsonAsync($"/api/chat/sessions/{session}/questions", new { text })).Json()).GetProperty("questionNumber").GetInt64();
        await Eventually.Comes(async () => !(await client.GetFromJsonAsync<JsonElement>($"/api/chat/sessions/{session}")).GetProperty("answering").GetBoolean(), "the answer");
        return asked;
    }

    private static Task Gone(SophiaApp app, string tenant) => Eventually.Comes(async () =>
    {
        using var _ = CallerContext.For(TenantId.Parse(tenant));
        return !await app.Services.GetRequiredService<IGrainFactory>().GetGrain<IChatDirectoryGrain>(tenant).Deleting();
    }, "the end of the deletion");

    private static void Failing(IServiceCollection services)
    {
        var made = services.Last(service => service.ServiceType == typeof(IErasureStore));
        services.AddSingleton<IErasureStore>(provider => new NoRemoval((IErasureStore)made.ImplementationFactory!(provider)));
    }

    private static List<string> Holding(SophiaApp app, string tenant, string word) =>
        [.. Directory.EnumerateFiles(Path.Combine(app.Folder, "data", "tenants", tenant), "*", SearchOption.AllDirectories).Where(file => Has(file, word))];

    private static bool Has(string path, string word)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return copy.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) >= 0;
    }

    private sealed class NoRemoval(IErasureStore inner) : IErasureStore
    {
        public Task<long> RemoveChat(TenantId tenant, string session, CancellationToken cancellation) => throw new StorageException(StorageFault.Unreachable, "The disk does not answer.");

        public Task Remove(TenantId tenant, string erasure, IReadOnlyList<RecordKey> records, IReadOnlyList<long> items, DateTimeOffset at, CancellationToken cancellation) => inner.Remove(tenant, erasure, records, items, at, cancellation);

        public Task<ErasedCounts> Counts(TenantId tenant, string erasure, CancellationToken cancellation) => inner.Counts(tenant, erasure, cancellation);

        public Task<IReadOnlyList<long>> ItemsOf(TenantId tenant, IReadOnlyList<RecordKey> records, CancellationToken cancellation) => inner.ItemsOf(tenant, records, cancellation);

        public Task<IReadOnlyList<BlockedMark>> Blocked(TenantId tenant, BlockedMark? after, int limit, CancellationToken cancellation) => inner.Blocked(tenant, after, limit, cancellation);

        public Task<int> Allow(TenantId tenant, IReadOnlyList<UInt128> marks, CancellationToken cancellation) => inner.Allow(tenant, marks, cancellation);

        public Task Scrub(TenantId tenant, CancellationToken cancellation) => inner.Scrub(tenant, cancellation);
    }
}
