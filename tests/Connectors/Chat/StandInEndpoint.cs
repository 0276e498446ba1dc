using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sophia.Chat;

/// <summary>A real HTTP server on the loopback that plays an OpenAI-compatible endpoint: each request is answered by the next act.</summary>
internal sealed class StandInEndpoint : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Func<HttpContext, Task>> acts = new();

    private StandInEndpoint(WebApplication app) => this.app = app;

    public ConcurrentQueue<(string Authorization, string Body)> Requests { get; } = new();

    private readonly Channel<bool> asked = Channel.CreateUnbounded<bool>();

    public Uri Url { get; private set; } = null!;

    public static async Task<StandInEndpoint> Start(params Func<HttpContext, Task>[] acts)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var endpoint = new StandInEndpoint(builder.Build());
        foreach (var act in acts)
            endpoint.acts.Enqueue(act);
        endpoint.app.MapPost("/v1/chat/completions", endpoint.Play);
        endpoint.app.MapPost("/v1/embeddings", endpoint.Play);
        await endpoint.app.StartAsync();
        endpoint.Url = new Uri(endpoint.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/v1");
        return endpoint;
    }

    public static Func<HttpContext, Task> Says(params string[] pieces) => async context =>
    {
        foreach (var piece in pieces)
            await Event(context, Chunk(piece));
        await Event(context, "[DONE]");
    };

    public static Func<HttpContext, Task> Sends(string text, string type = "text/event-stream") => context =>
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text);
    };

    public static Func<HttpContext, Task> Refuses(int status, string? retryAfter = null) => context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        return context.Response.WriteAsync("secret detail of the endpoint");
    };

    /// <summary>Says something, then cuts the connection once it was heard: what is on the way when a connection is cut is lost.</summary>
    public static Func<HttpContext, Task> Dies(Task heard, params string[] pieces) => async context =>
    {
        foreach (var piece in pieces)
            await Event(context, Chunk(piece));
        await heard;
        context.Abort();
    };

    /// <summary>Says something, then nothing until the caller goes.</summary>
    public static Func<HttpContext, Task> Stalls(params string[] pieces) => async context =>
    {
        foreach (var piece in pieces)
            await Event(context, Chunk(piece));
        await context.Response.Body.FlushAsync();
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { });
    };

    /// <summary>Returns when a request has come whole, once for each.</summary>
    public async Task Asked() => await asked.Reader.ReadAsync();

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(true));
        await app.DisposeAsync();
    }

    private static string Chunk(string piece) => System.Text.Json.JsonSerializer.Serialize(new { choices = new[] { new { index = 0, delta = new { content = piece }, finish_reason = (string?)null } } });

    private static async Task Event(HttpContext context, string data)
    {
        if (!context.Response.HasStarted)
            context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync($"data: {data}\n\n");
        await context.Response.Body.FlushAsync();
    }

    private async Task Play(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        Requests.Enqueue((context.Request.Headers.Authorization.ToString(), await reader.ReadToEndAsync()));
        asked.Writer.TryWrite(true);
        await (acts.TryDequeue(out var act) ? act : Refuses(500))(context);
    }
}
