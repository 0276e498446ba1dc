using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Pipelines;

/// <summary>Signed deliveries over HTTP: who signs rightly is heard once, who does not changes nothing.</summary>
public class WebhookFlowTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task A_delivery_is_stored_once_and_a_wrong_signature_changes_nothing()
    {
        var secret = await Defined("hook");
        var body = Encoding.UTF8.GetBytes("""{"zen":"Keep it logically awesome.","hook_id":1}""");
        using var wrong = await Deliver("hook", body, "ping", "one", "not the secret");
        await wrong.Problem(401, "unauthenticated");
        using var unsigned = await app.Stranger.PostAsync("/hooks/default/hook", new ByteArrayContent(body));
        await unsigned.Problem(401, "unauthenticated");
        Assert.Equal(0, (await app.Owner.GetFromJsonAsync<JsonElement>("/api/streams")).EnumerateArray().Count(s => s.GetProperty("stream").GetString() == "github/ping"));

        using var first = await Deliver("hook", body, "ping", "one", secret);
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        using var again = await Deliver("hook", body, "ping", "one", secret);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal("duplicate", (await again.Json()).GetProperty("outcome").GetString());
        using var changed = await Deliver("hook", [.. body, (byte)' '], "ping", "two", secret, signed: body);
        await changed.Problem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_delivery_of_more_than_25_MB_is_refused_before_it_is_read()
    {
        var secret = await Defined("large");
        using var answer = await Deliver("large", new byte[26 * 1024 * 1024], "push", "big", secret);
        await answer.Problem(413, "too-large");
    }

    [Theory]
    [InlineData("env:PATH")]
    [InlineData("file:/etc/hostname")]
    public async Task A_tenant_cannot_name_a_variable_or_file_of_the_machine_as_its_secret(string secret)
    {
        var (_, _, owner) = await app.NewTenant();
        var definition = $"name: hook\nsources:\n  - type: github-webhook\n    secret: {secret}\n";
        using var refused = await owner.PutAsync("/api/pipelines/hook", new StringContent(definition));
        Assert.Contains("generated", (await refused.Problem(400, "invalid")).ToString());
        using var ours = await app.Owner.PutAsync("/api/pipelines/hook-by-reference", new StringContent(definition.Replace("name: hook", "name: hook-by-reference")));
        Assert.Equal(HttpStatusCode.OK, ours.StatusCode);
    }

    [Fact]
    public async Task A_signed_delivery_that_is_no_JSON_is_refused_in_words()
    {
        var secret = await Defined("no-json");
        using var answer = await Deliver("no-json", "not json"u8.ToArray(), "push", "x", secret);
        await answer.Problem(400, "invalid");
    }

    [SharedDataFact]
    public async Task Every_payload_that_GitHub_publishes_is_accepted_once_and_refused_with_a_wrong_signature()
    {
        var secret = await Defined("github");
        var folder = Path.Combine(SharedData.Root!, "github_webhooks", "payload-examples", "api.github.com");
        var files = Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories);
        Assert.Equal(166, files.Length);
        foreach (var (file, number) in files.Select((file, number) => (file, number)))
        {
            var (body, happened) = (await File.ReadAllBytesAsync(file), Path.GetRelativePath(folder, file).Split('/')[0]);
            using var wrong = await Deliver("github", body, happened, $"d-{number}", "wrong");
            using var first = await Deliver("github", body, happened, $"d-{number}", secret);
            using var again = await Deliver("github", body, happened, $"d-{number}", secret);
            Assert.Equal((401, 202, 200), ((int)wrong.StatusCode, (int)first.StatusCode, (int)again.StatusCode));
        }
    }

    private async Task<string> Defined(string name)
    {
        using var answer = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: github-webhook\n    secret: generated\n"));
        var view = await answer.Json();
        Assert.True(answer.IsSuccessStatusCode, view.ToString());
        Assert.Equal($"/hooks/default/{name}", view.GetProperty("sources")[0].GetProperty("webhookPath").GetString());
        var secret = (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{name}/webhook-secret")).GetProperty("secret").GetString()!;
        Assert.DoesNotContain(secret, view.ToString());
        return secret;
    }

    private Task<HttpResponseMessage> Deliver(string pipeline, byte[] body, string happened, string id, string secret, byte[]? signed = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/hooks/default/{pipeline}") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.ExpectContinue = true;
        request.Headers.Add("X-GitHub-Event", happened);
        request.Headers.Add("X-GitHub-Delivery", id);
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed ?? body))}");
        return app.Stranger.SendAsync(request);
    }
}
