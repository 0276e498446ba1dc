using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Knowledge;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Hosting;

/// <summary>The real application on a free loopback port over a scratch folder; one for each test class that asks for it.</summary>
public sealed class SophiaApp : IAsyncLifetime
{
    private readonly List<HttpClient> clients = [];
    private RunningSophia? running;

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"sophia-test-{Guid.NewGuid():n}");

    /// <summary>Replaces parts of the application; set before it starts, or before <see cref="Restart"/>.</summary>
    public Action<WebApplicationBuilder>? Adapt { get; set; }

    /// <summary>Says otherwise than usual what the application is told; set before it starts.</summary>
    public Func<SophiaOptions, SophiaOptions>? Options { get; set; }

    public string Url => Running.Url;

    public IServiceProvider Services => Running.Services;

    public RunningSophia Running => running ?? throw new InvalidOperationException("The application is not running.");

    /// <summary>The default tenant's owner.</summary>
    public HttpClient Owner { get; private set; } = null!;

    /// <summary>Nobody.</summary>
    public HttpClient Stranger { get; private set; } = null!;

    public async Task InitializeAsync() => await Start();

    public async Task DisposeAsync()
    {
        await Stop();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    public async Task Start()
    {
        var options = new SophiaOptions { DataFolder = Path.Combine(Folder, "data"), Url = "http://127.0.0.1:0", LogLevel = LogLevel.Error };
        running = await RunningSophia.Start(Options?.Invoke(options) ?? options, announce: true, Patient + Adapt + Wire.Check);
        Owner = With(running.OwnerKey);
        Stranger = With(null);
        // Until it is known who is suspended nobody is let in, and the first request waits for that for 2 s only.
        await Services.GetRequiredService<ITenantGate>().Refresh();
    }

    // The strangers of one class share an address and a tenant, and try every route there is. What fails here on purpose is not to change what others are offered. And no answer is another one because the machine is slow.
    private static void Patient(WebApplicationBuilder builder) =>
        builder.Services.AddSignInThrottle(new SignInThrottleOptions { FreeOfAddress = 1_000, FreeOfTenant = 10_000 }).AddDegradation(static degradation => degradation.Rules = [])
            .AddFailureDomains(static domains => domains.Rules = [])
            .AddSingleton<IOptions<RankingOptions>>(new OptionsWrapper<RankingOptions>(RankingOptions.Default with { EmbedWithin = TimeSpan.FromMinutes(2) }));

    public async Task Stop()
    {
        foreach (var client in clients)
            client.Dispose();
        clients.Clear();
        if (running is not null)
            await running.DisposeAsync();
        running = null;
    }

    public async Task Restart()
    {
        await Stop();
        await Start();
    }

    /// <summary>A client with a key (or none), without cookies and redirects.</summary>
    public HttpClient With(string? key)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(30) }) { BaseAddress = new Uri(Url) };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        clients.Add(client);
        return client;
    }

    /// <summary>A new tenant's owner.</summary>
    public async Task<(string Name, string Key, HttpClient Client)> NewTenant()
    {
        var name = $"t-{Guid.NewGuid():n}"[..20];
        var key = await NewTenant(name);
        return (name, key, With(key));
    }

    public async Task<string> NewTenant(string name)
    {
        var answer = await Owner.PostAsJsonAsync("/api/tenants", new { tenant = name, displayName = name });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
    }

    /// <summary>A key of the default tenant with a role.</summary>
    public async Task<HttpClient> InRole(string role)
    {
        var answer = await Owner.PostAsJsonAsync("/api/keys", new { label = role, role });
        answer.EnsureSuccessStatusCode();
        return With((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString());
    }

    /// <summary>A folder with files, by relative path.</summary>
    public string FilesOf(string name, params (string Path, string Text)[] files)
    {
        var folder = Path.Combine(Folder, name);
        foreach (var (path, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            File.WriteAllText(Path.Combine(folder, path), text, new UTF8Encoding(false));
        }
        return folder;
    }
}

/// <summary>What tests ask of answers.</summary>
public static class Answers
{
    public static async Task<JsonElement> Json(this HttpResponseMessage answer) => JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;

    /// <summary>Asserts a problem of RFC 9457 and returns it.</summary>
    public static async Task<JsonElement> Problem(this HttpResponseMessage answer, int status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} instead of {status}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(answer.Headers.GetValues("X-Correlation-Id").Single(), problem.GetProperty("correlationId").GetString());
        Assert.DoesNotContain("   at ", text);
        return problem;
    }
}
