using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Pipelines;

namespace Sophia.Resilience;

// Goal: a question, a run and a delivery have one effect each, whatever became of the append that stores them. Method: the append of the effect fails once, before or after it took place, the application
// is started again or not, and the sender sends the same again until he is answered.
public sealed class CrashedEffectTests : IAsyncLifetime
{
    private readonly SophiaApp app = new();
    private FaultyLog log = null!;

    public Task InitializeAsync()
    {
        app.Adapt = builder =>
        {
            var real = builder.Services.Last(service => service.ServiceType == typeof(ILogStore));
            builder.Services.AddSingleton<ILogStore>(provider => log = new FaultyLog((ILogStore)real.ImplementationFactory!(provider)) { Owners = log?.Owners ?? "/lane-", Fault = log?.Fault ?? default });
        };
        return app.InitializeAsync();
    }

    public Task DisposeAsync() => app.DisposeAsync();

    public static TheoryData<string, bool> Crashes()
    {
        var all = new TheoryData<string, bool>();
        foreach (var fault in (string[])["Full", "UnknownNotDone", "UnknownDone", "Fenced"])
            foreach (var restart in (bool[])[false, true])
                all.Add(fault, restart);
        return all;
    }

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task A_question_is_asked_once(string fault, bool restart)
    {
        Fail("chat/talk", fault);
        var answers = await Sent(restart, () => Post("/api/chat/sessions/talk/questions", """{"text":"Who owns it?"}""", "q"));
        Assert.All(answers, answer => Assert.Equal(1, answer.GetProperty("questionNumber").GetInt32()));
        var events = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/chat/sessions/talk/events")).GetProperty("events");
        Assert.Single(events.EnumerateArray(), happened => happened.GetProperty("kind").GetString() == "question");
    }

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task A_run_is_started_once(string fault, bool restart)
    {
        var folder = app.FilesOf("crm", ("a.csv", "id\n1\n2\n"));
        using var defined = await app.Owner.PutAsync("/api/pipelines/crm", new StringContent($"name: crm\nsources:\n  - type: files\n    path: {folder}\n    settleFor: 0s\nstreams:\n  crm:\n    key: [id]\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        Fail("pipelines/crm/run", fault);
        var answers = await Sent(restart, () => Post("/api/pipelines/crm/runs", "{}", "r"));
        Assert.Single(answers.Select(answer => answer.GetProperty("runId").GetString()).Distinct());
        Assert.Single((await app.Owner.GetFromJsonAsync<JsonElement>("/api/pipelines/crm/runs")).EnumerateArray());
    }

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task A_delivery_is_stored_once(string fault, bool restart)
    {
        using var defined = await app.Owner.PutAsync("/api/pipelines/hook", new StringContent("name: hook\nsources:\n  - type: github-webhook\n    secret: generated\n"));
        var secret = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/pipelines/hook/webhook-secret")).GetProperty("secret").GetString()!;
        Fail("pipelines/hook/hook", fault);
        var answers = await Sent(restart, () => Deliver(secret));
        Assert.Equal("duplicate", answers[^1].GetProperty("outcome").GetString());
        var versions = await log.History(RunningSophia.DefaultTenant, "github/ping", "7", null, 10, default);
        Assert.Single(versions);
    }

    private void Fail(string owner, string fault) => (log.Owners, log.Fault, log.FaultAt) = (owner, Enum.Parse<LogFault>(fault), log.LaneAppends + 1);

    /// <summary>Sends until the sender is answered well, and then once more.</summary>
    private async Task<List<JsonElement>> Sent(bool restart, Func<Task<HttpResponseMessage>> send)
    {
        using var first = await send();
        Assert.True(log.Happened);
        if (restart)
            await app.Restart();
        var answers = new List<JsonElement>();
        if (first.IsSuccessStatusCode)
            answers.Add(await first.Json());
        for (var more = 2; more > 0; more--)
            answers.Add(await (await Eventually.Get(send, answer => answer.IsSuccessStatusCode, "an answer")).Json());
        return answers;
    }

    private async Task<HttpResponseMessage> Post(string path, string body, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json"), Headers = { { "Idempotency-Key", $"\"{key}\"" } } };
        return await app.Owner.SendAsync(request);
    }

    private async Task<HttpResponseMessage> Deliver(string secret)
    {
        var body = Encoding.UTF8.GetBytes("""{"zen":"Once.","hook_id":7,"hook":{"id":7}}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/default/hook") { Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } } };
        request.Headers.Add("X-GitHub-Event", "ping");
        request.Headers.Add("X-GitHub-Delivery", "7");
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}");
        return await app.Stranger.SendAsync(request);
    }
}
