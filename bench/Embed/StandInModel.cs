using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sophia.Bench;

/// <summary>An OpenAI-compatible endpoint on the loopback whose answers mean nothing and cost what a GPU's would: one request at a time, so much for each and so much for each text of it.</summary>
internal sealed class StandInModel : IAsyncDisposable
{
    private const int Dimensions = 384;
    private readonly WebApplication app;
    private readonly SemaphoreSlim device = new(1);
    private readonly TimeSpan perRequest, perText;
    private readonly string vector = Convert.ToBase64String(MemoryMarshal.AsBytes<float>(Enumerable.Range(1, Dimensions).Select(i => (float)i).ToArray()));

    private StandInModel(WebApplication app, TimeSpan perRequest, TimeSpan perText) => (this.app, this.perRequest, this.perText) = (app, perRequest, perText);

    public Uri Url { get; private set; } = null!;

    public int Requests { get; private set; }

    public long Texts { get; private set; }

    public static async Task<StandInModel> Start(TimeSpan perRequest, TimeSpan perText)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var model = new StandInModel(builder.Build(), perRequest, perText);
        model.app.MapPost("/v1/embeddings", (RequestDelegate)model.Answer);
        await model.app.StartAsync();
        model.Url = new Uri(model.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/v1");
        return model;
    }

    public void Reset() => (Requests, Texts) = (0, 0);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task Answer(HttpContext context)
    {
        using var asked = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        var texts = asked.RootElement.GetProperty("input").GetArrayLength();
        await device.WaitAsync(context.RequestAborted);
        try
        {
            (Requests, Texts) = (Requests + 1, Texts + texts);
            await Busy(perRequest + texts * perText);
        }
        finally
        {
            device.Release();
        }
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{"model":"stand-in","data":[{{string.Join(',', Enumerable.Range(0, texts).Select(i => $$"""{"index":{{i}},"embedding":"{{vector}}"}"""))}}]}""");
    }

    // Timers of the system are about a millisecond coarse; the rest of the time is spun away.
    private static async Task Busy(TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        if (time > TimeSpan.FromMilliseconds(3))
            await Task.Delay(time - TimeSpan.FromMilliseconds(2));
        while (Stopwatch.GetElapsedTime(began) < time)
            Thread.Yield();
    }
}
