using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sophia.Cluster;

/// <summary>An OpenAI-compatible endpoint whose answers take as long as is wanted: what is asked with the word "slowly" is answered piece by piece, anything else at once.</summary>
internal sealed class SlowModel : IAsyncDisposable
{
    /// <summary>More than a group of an answer holds, so that each piece is an append of its own.</summary>
    private static readonly string Piece = string.Concat(Enumerable.Repeat("All of it was delivered. ", 60));

    private readonly WebApplication app;
    private readonly Func<int, CancellationToken, Task> before;
    private readonly int pieces;
    private int slow;

    private SlowModel(WebApplication app, int pieces, Func<int, CancellationToken, Task> before) => (this.app, this.pieces, this.before) = (app, pieces, before);

    /// <summary>Slow answers that were asked for.</summary>
    public int Asked => Volatile.Read(ref slow);

    /// <summary>Where silos that are started from now on find it, in their environment. No rule spares it: a machine that does much else is as slow as one in trouble. Every conversation has a place, also where most of them are on one silo.</summary>
    /// <param name="before">Waits before a piece, by its number from 0.</param>
    public static async Task<SlowModel> Start(int pieces, Func<int, CancellationToken, Task> before)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var model = new SlowModel(builder.Build(), pieces, before);
        model.app.MapPost("/v1/chat/completions", model.Answer);
        await model.app.StartAsync();
        var url = model.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Environment.SetEnvironmentVariable("SOPHIA_MODEL_URL", $"{url}/v1");
        Environment.SetEnvironmentVariable("SOPHIA_MODEL_NAME", "stand-in");
        Environment.SetEnvironmentVariable("SOPHIA_DEGRADATION", """{"rules": []}""");
        Environment.SetEnvironmentVariable("SOPHIA_BULKHEADS", """{"default": {"ask": {"places": 64}}}""");
        return model;
    }

    public async ValueTask DisposeAsync()
    {
        Environment.SetEnvironmentVariable("SOPHIA_MODEL_URL", null);
        Environment.SetEnvironmentVariable("SOPHIA_MODEL_NAME", null);
        Environment.SetEnvironmentVariable("SOPHIA_DEGRADATION", null);
        Environment.SetEnvironmentVariable("SOPHIA_BULKHEADS", null);
        await app.StopAsync(new CancellationToken(true));
        await app.DisposeAsync();
    }

    private async Task Answer(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        context.Response.ContentType = "text/event-stream";
        if (!IsSlow(await reader.ReadToEndAsync()))
            await Say(context, "All of it was delivered.");
        else
        {
            await context.Response.Body.FlushAsync();
            Interlocked.Increment(ref slow);
            for (var piece = 0; piece < pieces; piece++)
            {
                await before(piece, context.RequestAborted);
                await Say(context, Piece);
            }
        }
        await context.Response.WriteAsync("data: [DONE]\n\n");
    }

    // Only the last message is the question; earlier ones are the conversation's.
    private static bool IsSlow(string body) => JsonDocument.Parse(body).RootElement.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString()!.Contains("slowly", StringComparison.Ordinal);

    private static async Task Say(HttpContext context, string text)
    {
        await context.Response.WriteAsync($"data: {JsonSerializer.Serialize(new { choices = new[] { new { index = 0, delta = new { content = text } } } })}\n\n");
        await context.Response.Body.FlushAsync();
    }
}
