using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;

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

    private async Task<int> Audited() => (await Rows()).Count;

    private async Task<List<LogEntry>> Rows() => [.. (await app.Services.GetRequiredService<ILogStore>().Read(RunningSophia.DefaultTenant, 0, 10_000, int.MaxValue, default)).Where(row => row.Type == EntryType.Audit)];
}
