using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sophia.Knowledge.StandIn;

/// <summary>What goes wrong with one call.</summary>
public enum Trouble
{
    None,

    /// <summary>429, ResourceExhausted.</summary>
    TooMany,

    /// <summary>503, Unavailable.</summary>
    Unavailable,

    /// <summary>500, Internal, with a message that quotes what was sent.</summary>
    Broken,

    /// <summary>The call takes effect and its answer is lost.</summary>
    AnswerLost,

    /// <summary>Nobody answers until the caller gives up.</summary>
    Silent,

    /// <summary>Of a batch of objects every other one is refused.</summary>
    HalfRefused,

    /// <summary>Of a batch of objects those are refused that hold a text.</summary>
    TextRefused,

    /// <summary>Of a batch of objects all are refused.</summary>
    AllRefused,
}

/// <summary>A small Weaviate of one test: REST by its public description and gRPC by the client's own descriptors, over real sockets. Objects are kept in memory, a tenant's apart from others'.</summary>
internal sealed class WeaviateStandIn : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly OpenApiCheck description = new();

    private WeaviateStandIn(WebApplication app, string? key)
    {
        this.app = app;
        Key = key;
        app.Run(Serve);
    }

    public ObjectStore Objects { get; } = new();

    public string? Key { get; }

    public int RestPort { get; private set; }

    public int GrpcPort { get; private set; }

    /// <summary>Decides over each call, by its name: a gRPC method, or a REST method with its path's template.</summary>
    public Func<string, Trouble> Fate { get; set; } = _ => Trouble.None;

    /// <summary>Names of the calls so far, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    /// <summary>Requests that the public description does not know, or not like this.</summary>
    public ConcurrentQueue<string> Violations { get; } = [];

    public WeaviateOptions Options => new() { Url = new Uri($"http://127.0.0.1:{RestPort}"), GrpcPort = GrpcPort, Key = Key };

    public static async Task<WeaviateStandIn> Start(string? key = null, int restPort = 0, int grpcPort = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, restPort, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, grpcPort, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var standIn = new WeaviateStandIn(builder.Build(), key);
        await standIn.app.StartAsync();
        var ports = standIn.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address).Port).ToArray();
        (standIn.RestPort, standIn.GrpcPort) = (ports[0], ports[1]);
        return standIn;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private async Task Serve(HttpContext context)
    {
        try
        {
            if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
                await new GrpcSide(this).Serve(context);
            else
                await new RestSide(this, description).Serve(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
        }
    }

    public bool Knows(HttpContext context) => Key is null || context.Request.Headers.Authorization == $"Bearer {Key}";

    public Trouble Next(string call)
    {
        Calls.Enqueue(call);
        return Fate(call);
    }
}
