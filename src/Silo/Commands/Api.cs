using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Speaks REST to the running Sophia of the data folder, or to one that it starts for the command and stops after it.</summary>
internal sealed class Api : IAsyncDisposable
{
    private readonly HttpClient http;
    private readonly RunningSophia? own;

    private Api(string url, string key, RunningSophia? own, Action<string>? say)
    {
        this.own = own;
        var sockets = new SocketsHttpHandler { UseProxy = false };
        http = new HttpClient(say is null ? sockets : new WaitsAsTold(sockets, TimeProvider.System, say)) { BaseAddress = new Uri(url + "/"), Timeout = TimeSpan.FromMinutes(5) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        Url = url;
    }

    public string Url { get; }

    /// <summary>Whether this command's own instance answers, which ends with it.</summary>
    public bool IsOwn => own is not null;

    public HttpClient Http => http;

    /// <param name="say">Where it is given, a request that a limit refuses waits as it is told and is sent again (<see cref="WaitsAsTold"/>), and why is said there.</param>
    public static async Task<Api> Open(ParseResult parsed, CancellationToken cancellation, Action<string>? say = null)
    {
        var options = Settings.Options(parsed, quietAs: LogLevel.Warning);
        var given = Settings.KeyOf(parsed, options.DataFolder);
        if (HomeFolder.Serving(options.DataFolder) is { } running && (given ?? HomeFolder.CliKey(options.DataFolder)) is { } key && await InstanceProbe.Serves(running, InstanceProbe.Patience, cancellation))
            return new Api(running.Url, key, own: null, say);
        var own = await RunningSophia.Start(options with { Url = "http://127.0.0.1:0" }, announce: false, cancellation: cancellation);
        return new Api(own.Url, given ?? own.OwnerKey, own, say);
    }

    public async Task<T> Get<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        JsonSerializer.Deserialize(await Text(HttpMethod.Get, path, null, cancellation), type)!;

    public async Task<T> Send<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        JsonSerializer.Deserialize(await Text(method, path, body, cancellation), type)!;

    /// <summary>The answer's body as text.</summary>
    /// <exception cref="CommandFailedException">A problem, with its text.</exception>
    public async Task<string> Text(HttpMethod method, string path, HttpContent? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        using var response = await http.SendAsync(request, cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        return response.IsSuccessStatusCode ? text : throw FailureOf(response.StatusCode, text);
    }

    public static HttpContent Json<T>(T value, JsonTypeInfo<T> type)
    {
        try
        {
            return new StringContent(JsonSerializer.Serialize(value, type), Encoding.UTF8, "application/json");
        }
        catch (ArgumentException)
        {
            // JSON has no other numbers than these.
            throw new CommandFailedException("A number that was given is none to count with: NaN and infinity are refused.");
        }
    }

    public static CommandFailedException FailureOf(HttpStatusCode status, string text)
    {
        try
        {
            var problem = JsonSerializer.Deserialize(text, EdgeJson.Default.Problem)!;
            return new(string.Join('\n', ((string[])[problem.Detail ?? problem.Title, .. problem.Errors ?? []]).Distinct()));
        }
        catch (JsonException)
        {
            return status is HttpStatusCode.RequestUriTooLong or HttpStatusCode.RequestHeaderFieldsTooLarge ? new("A name or a word that was given is too long.") : new($"The running Sophia answered {(int)status}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (own is not null)
            await own.DisposeAsync();
    }
}
