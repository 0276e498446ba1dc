using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: a person contains something that no rule sees failing, for a time, and it is done, audited and undone as what a rule decides. Method: the real application without rules, whose watch looks quickly.
public sealed class ContainedByHandTests : IAsyncLifetime
{
    private readonly SophiaApp app = new() { Adapt = static builder => builder.Services.AddFailureDomains(static domains => domains.LookEvery = TimeSpan.FromMilliseconds(100)) };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_tenant_is_isolated_now_for_a_time_and_freed_by_a_person_and_all_of_it_is_in_the_audit()
    {
        var (name, _, owner) = await app.NewTenant();
        var node = $"tenant/{name}";
        await Eventually.Get(() => app.Owner.GetStringAsync("/api/domains"), view => view.Contains($"\"{node}\"", StringComparison.Ordinal), "the tenant is known");
        using var operating = await app.InRole("operator");
        await (await Contain(owner, node)).Problem(403, "forbidden");
        await (await Contain(operating, node, confirm: "tenant/other")).Problem(400, "invalid");
        await (await Contain(operating, node, because: " ")).Problem(400, "invalid");
        await (await Contain(operating, node, minutes: 0)).Problem(400, "invalid");
        await (await Contain(operating, node, minutes: 1_441)).Problem(400, "invalid");
        await (await Contain(operating, node, strategy: "openBreaker")).Problem(400, "invalid");
        await (await Contain(operating, node, strategy: "nothing")).Problem(400, "invalid");
        await (await Contain(operating, "tenant/t-nobody")).Problem(404, "not-found");

        var begun = await (await Contain(operating, node)).Json();
        Assert.Equal(("isolateTenant", name), (begun.GetProperty("strategy").GetString(), begun.GetProperty("tenant").GetString()));
        Assert.True(begun.TryGetProperty("until", out _));
        var id = begun.GetProperty("id").GetInt64();
        Assert.Equal(id, (await (await Contain(operating, node)).Json()).GetProperty("id").GetInt64()); // Said again after an unknown outcome.
        await (await Contain(operating, node, because: "once more")).Problem(409, "conflict");
        await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/domains"), view => Phase(view, id) == "applied", "it is in force");
        Assert.Equal("emergency", (await owner.GetFromJsonAsync<JsonElement>("/api/degradation")).GetProperty("level").GetString());
        Assert.Contains("it disturbs others", await owner.GetStringAsync("/api/queue"), StringComparison.Ordinal);

        // It holds although nothing fails, and ends by a person's word.
        Assert.Empty((await app.Owner.GetFromJsonAsync<JsonElement>("/api/domains")).GetProperty("failing").EnumerateArray().Where(failure => failure.GetProperty("node").GetString() == node));
        await (await owner.PostAsJsonAsync($"/api/domains/containments/{id}/lift", new { because = "mine", confirm = node })).Problem(403, "forbidden");
        foreach (var unsure in (string?[])[null, "queue", $"{node}s"])
            Assert.Contains("confirm must repeat the node", (await (await operating.PostAsJsonAsync($"/api/domains/containments/{id}/lift", new { because = "it is calm", confirm = unsure })).Problem(400, "invalid")).GetProperty("detail").GetString(), StringComparison.Ordinal);
        await (await operating.PostAsJsonAsync($"/api/domains/containments/{id}/lift", new { because = " ", confirm = node })).Problem(400, "invalid");
        Assert.True((await operating.PostAsJsonAsync($"/api/domains/containments/{id}/lift", new { because = "it is calm", confirm = node })).IsSuccessStatusCode);
        await Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/domains"), view => Phase(view, id) == "lifted", "it is lifted");
        Assert.Equal("full", (await owner.GetFromJsonAsync<JsonElement>("/api/degradation")).GetProperty("level").GetString());
        var audit = string.Join('\n', (await app.Services.GetRequiredService<ILogStore>().Read(RunningSophia.DefaultTenant, 0, 10_000, int.MaxValue, default)).Where(row => row.Type == EntryType.Audit).Select(row => Encoding.UTF8.GetString(row.Payload.Span)).Where(text => text.Contains(node, StringComparison.Ordinal)));
        foreach (var what in (string[])["containment-applying", "containment-applied", "containment-lifting", "it disturbs others", "it is calm"])
            Assert.Contains(what, audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_s_operator_holds_a_queue_of_its_own_and_nothing_of_others()
    {
        var (name, _, owner) = await app.NewTenant();
        Assert.True((await owner.PostAsJsonAsync("/api/queue/jobs/items", new { items = new[] { new { kind = "bill", payload = new { } } } })).IsSuccessStatusCode);
        var node = $"queue/{name}/jobs";
        await Eventually.Get(() => owner.GetStringAsync("/api/domains"), view => view.Contains($"\"{node}\"", StringComparison.Ordinal), "the queue is known");
        var (_, _, stranger) = await app.NewTenant();
        await (await Contain(stranger, node)).Problem(404, "not-found");
        await (await Contain(owner, "part/log")).Problem(404, "not-found");
        await (await Contain(owner, node, strategy: "shed")).Problem(403, "forbidden");
        var id = (await (await Contain(owner, node)).Json()).GetProperty("id").GetInt64();
        await Eventually.Get(() => owner.GetFromJsonAsync<JsonElement>("/api/domains"), view => Phase(view, id) == "applied", "it is held");
        Assert.Contains($"containment {id}", await owner.GetStringAsync("/api/queue"), StringComparison.Ordinal);
    }

    private static string? Phase(JsonElement view, long id) => view.GetProperty("containments").EnumerateArray().FirstOrDefault(one => one.GetProperty("id").GetInt64() == id) is { ValueKind: JsonValueKind.Object } found ? found.GetProperty("phase").GetString() : null;

    private static Task<HttpResponseMessage> Contain(HttpClient client, string node, string? strategy = null, string because = "it disturbs others", int minutes = 30, string? confirm = null) =>
        client.PostAsJsonAsync("/api/domains/containments", new { node, strategy, because, minutes, confirm = confirm ?? node });
}
