using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: whatever is grave is done only where it is said once more what it concerns, and why; and the reason stands in the audit. Method: each act over REST without its reason, without or with another confirmation, and as it should be.
public sealed class ConfirmationTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    public static TheoryData<string, string, string, string> Acts => new()
    {
        { "/api/queue/hold", """{"queue":"mine","reason":"WHY","confirm":"mine"}""", "mine", "audit/queue" },
        { "/api/queue/let-go", """{"queue":"mine","reason":"WHY","confirm":"mine"}""", "mine", "audit/queue" },
        { "/api/queue/hold", """{"reason":"WHY","confirm":"all"}""", "all", "audit/queue" },
        { "/api/queue/let-go", """{"reason":"WHY","confirm":"all"}""", "all", "audit/queue" },
        { "/api/queue/weights/default", """{"weight":2,"reason":"WHY","confirm":"default"}""", "default", "audit/queue" },
        { "/api/dead/purge", """{"ids":[1,2],"reason":"WHY","confirm":"2"}""", "2", "audit/queue" },
        { "/api/dead/revive", """{"ids":[1],"reason":"WHY","confirm":"1"}""", "1", "audit/queue" },
        { "/api/dead/quarantine", """{"ids":[1,2,3],"reason":"WHY","confirm":"3"}""", "3", "audit/queue" },
        { "/api/dead/replay", """{"queue":"mine","reason":"WHY","confirm":"mine"}""", "mine", "audit/queue" },
        { "/api/degradation/hold", """{"level":"partial","because":"WHY","confirm":"default"}""", "default", "" },
        { "/api/degradation/release", """{"because":"WHY","confirm":"default"}""", "default", "" },
        { "/api/degradation/hold", """{"level":"partial","because":"WHY","system":true,"confirm":"system"}""", "system", "" },
        { "/api/degradation/release", """{"because":"WHY","system":true,"confirm":"system"}""", "system", "" },
    };

    [Theory]
    [MemberData(nameof(Acts))]
    public async Task What_is_grave_is_done_only_with_a_reason_and_once_more_what_it_concerns(string path, string body, string confirm, string stream)
    {
        await (await app.Owner.PostAsJsonAsync("/api/queue/mine/items", new { items = new[] { new { kind = "sum", payload = 1 } } })).Json();
        if (path.EndsWith("/release", StringComparison.Ordinal))
            Assert.True((await app.Owner.PostAsync(path.Replace("/release", "/hold", StringComparison.Ordinal), new StringContent(body.Replace("{", """{"level":"partial",""", StringComparison.Ordinal), Encoding.UTF8, "application/json"))).IsSuccessStatusCode);
        var (why, before) = ($"a drill {Guid.NewGuid():n}", await Audited());
        foreach (var wrong in (string[])[body.Replace($",\"confirm\":\"{confirm}\"", ""), body.Replace($"\"confirm\":\"{confirm}\"", "\"confirm\":\"another\"")])
            Assert.Equal((HttpStatusCode.BadRequest, true), await Post(wrong.Replace("WHY", why), "confirm must"));
        foreach (var wrong in (string[])[body.Replace("WHY", " "), body.Replace("WHY", new string('w', 501))])
            Assert.Equal((HttpStatusCode.BadRequest, true), await Post(wrong, "characters"));
        Assert.Equal(before, await Audited());
        Assert.Equal((HttpStatusCode.OK, true), await Post(body.Replace("WHY", why), ""));
        Assert.Contains((await Rows()).Where(row => stream.Length == 0 || row.Stream == stream), row => Encoding.UTF8.GetString(row.Payload.Span).Contains(why, StringComparison.Ordinal));

        async Task<(HttpStatusCode Status, bool Says)> Post(string text, string says)
        {
            using var answer = await app.Owner.PostAsync(path, new StringContent(text, Encoding.UTF8, "application/json"));
            var said = await answer.Content.ReadAsStringAsync();
            return (answer.StatusCode, says.Length == 0 || JsonDocument.Parse(said).RootElement.GetProperty("detail").GetString()!.Contains(says, StringComparison.Ordinal));
        }
    }

    // A replay that waits for work that nobody leases, and the item that it took.
    [Fact]
    public async Task A_payload_is_replaced_and_a_replay_stopped_only_with_a_reason_and_its_number_once_more()
    {
        var (name, _, owner) = await app.NewTenant();
        var taken = await (await owner.PostAsJsonAsync("/api/queue/stopped/items", new { items = new[] { new { kind = "sum", payload = 1 }, new { kind = "sum", payload = 2 } } })).Json();
        var ids = taken.EnumerateArray().Select(answer => answer.GetProperty("id").GetInt64()).ToArray();
        Assert.True((await owner.PostAsJsonAsync("/api/dead/quarantine", new { ids, reason = "to look at them", confirm = "2" })).IsSuccessStatusCode);
        var before = (await Rows(name)).Count;
        foreach (var (asked, says) in ((string, string)[])[("", "confirm must repeat the item's number"), ($"?reason=why&confirm={ids[0]}0", "confirm must repeat the item's number"), ($"?confirm={ids[0]}", "characters"), ($"?reason=%20&confirm={ids[0]}", "characters")])
            Assert.Contains(says, (await (await Edit(ids[0], asked)).Problem(400, "invalid")).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, (await Rows(name)).Count);
        Assert.Contains("7", (await (await Edit(ids[0], $"?reason=it%20was%20wrong&confirm={ids[0]}")).Json()).GetProperty("payload").GetString(), StringComparison.Ordinal);

        var replay = (await (await owner.PostAsJsonAsync("/api/dead/replay", new { queue = "stopped", reason = "a drill", confirm = "stopped" })).Json()).GetProperty("number").GetInt64();
        before = (await Rows(name)).Count;
        foreach (var (asked, says) in ((object, string)[])[(new { reason = "enough" }, "confirm must repeat the replay's number"), (new { reason = "enough", confirm = $"{replay + 1}" }, "confirm must"), (new { confirm = $"{replay}" }, "characters")])
            Assert.Contains(says, (await (await owner.PostAsJsonAsync("/api/dead/replay/stop", asked)).Problem(400, "invalid")).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, (await Rows(name)).Count);
        var stopped = await (await owner.PostAsJsonAsync("/api/dead/replay/stop", new { reason = "enough", confirm = $"{replay}" })).Json();
        Assert.Equal("stoppedByHand", stopped.GetProperty("phase").GetString());
        Assert.EndsWith("stopped it: enough", stopped.GetProperty("why").GetString(), StringComparison.Ordinal);
        var audited = string.Join('\n', (await Rows(name)).Select(row => Encoding.UTF8.GetString(row.Payload.Span)));
        foreach (var why in (string[])["it was wrong", "enough"])
            Assert.Contains($"\"because\":\"{why}\"", audited, StringComparison.Ordinal);

        Task<HttpResponseMessage> Edit(long id, string asked) => owner.PutAsync($"/api/dead/{id}{asked}", new StringContent("7", Encoding.UTF8, "application/json"));
    }

    private async Task<int> Audited() => (await Rows()).Count;

    private async Task<List<LogEntry>> Rows(string? tenant = null) => [.. (await app.Services.GetRequiredService<ILogStore>().Read(tenant is null ? RunningSophia.DefaultTenant : TenantId.Parse(tenant), 0, 10_000, int.MaxValue, default)).Where(row => row.Type == EntryType.Audit)];
}
