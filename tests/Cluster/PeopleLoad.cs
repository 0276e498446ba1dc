using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>People who search the same words again and again, and sign their browsers in and use them; every answer is looked at.</summary>
internal sealed class PeopleLoad : IAsyncDisposable
{
    private readonly HttpClient http;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<string> wrong = [];
    private readonly string word;
    private List<Task> working = [];
    private long searches, signIns;

    public PeopleLoad(LocalCluster cluster, string word)
    {
        this.word = word;
        http = Bounded.Waits(new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(cluster.Url!) });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", HomeFolder.CliKey(cluster.FrontendFolder));
    }

    /// <summary>Answers that were not as they should be.</summary>
    public IReadOnlyCollection<string> Wrong => wrong;

    public (long Searches, long SignIns) Done => (Interlocked.Read(ref searches), Interlocked.Read(ref signIns));

    public TimeSpan SlowestSearch { get; private set; }

    /// <summary>A browser that signed in once goes on working, whatever happens.</summary>
    public async Task Begin()
    {
        var cookie = await SignIn();
        working = [Repeat(() => Search(word)), Repeat(async () => { await SignIn(); await Use(cookie); Interlocked.Increment(ref signIns); })];
    }

    public async Task End()
    {
        await stop.CancelAsync();
        await Task.WhenAll(working);
    }

    public async ValueTask DisposeAsync()
    {
        await End();
        http.Dispose();
        stop.Dispose();
    }

    private async Task Repeat(Func<Task> act)
    {
        while (!stop.IsCancellationRequested)
            try
            {
                await act();
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or InvalidOperationException)
            {
                wrong.Enqueue(failure.Message);
            }
    }

    /// <summary>Asks, and looks whether every passage found holds the word that all of them search.</summary>
    public async Task Search(string question)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var answer = await http.GetAsync($"/api/search?q={Uri.EscapeDataString(question)}&limit=5");
        var took = TimeProvider.System.GetElapsedTime(began);
        if (took > SlowestSearch)
            SlowestSearch = took;
        if (await Bounded.Waited(answer, stop.Token))
            return;
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode != HttpStatusCode.OK || JsonDocument.Parse(text).RootElement.GetProperty("hits").EnumerateArray().Any(hit => !hit.GetProperty("text").GetString()!.Contains(word, StringComparison.OrdinalIgnoreCase)))
            wrong.Enqueue($"search: {(int)answer.StatusCode} {text}");
        Interlocked.Increment(ref searches);
    }

    private async Task<string> SignIn()
    {
        using var link = await http.PostAsync("/api/signin-links", null);
        var url = (await link.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("url").GetString()!;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/signin") { Content = new FormUrlEncodedContent([new("code", url.Split("code=")[1])]), Headers = { { "Origin", http.BaseAddress!.GetLeftPart(UriPartial.Authority) } } };
        using var answer = await http.SendAsync(request);
        if (answer.StatusCode != HttpStatusCode.SeeOther)
            throw new InvalidOperationException($"sign-in: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private async Task Use(string cookie)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = http.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/me") { Headers = { { "Cookie", cookie } } };
        using var answer = await browser.SendAsync(request);
        if (answer.StatusCode != HttpStatusCode.OK)
            wrong.Enqueue($"browser: {(int)answer.StatusCode}");
    }
}
