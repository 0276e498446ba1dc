using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Sophia.Chat;

/// <summary>The public .NET client over a plain WebSocket.</summary>
internal static class HubClient
{
    public static async Task<HubConnection> Connect(string url, string? key, string? origin = null)
    {
        var builder = new HubConnectionBuilder();
        builder.Services.AddSingleton<EndPoint>(new UriEndPoint(new Uri(url.Replace("http://", "ws://", StringComparison.Ordinal) + "/hub")));
        builder.Services.AddSingleton<IConnectionFactory>(new SocketFactory(key, origin));
        builder.Services.AddSingleton<IHubProtocol>(new JsonHubProtocol(Options.Create(new JsonHubProtocolOptions
        {
            PayloadSerializerOptions = new(System.Text.Json.JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.CamelCase) } },
        })));
        var connection = builder.Build();
        await connection.StartAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        return connection;
    }

    public static Task<AskReceipt> Ask(this HubConnection hub, string session, string text, string? operation = null) =>
        hub.InvokeAsync<AskReceipt>("Ask", session, text, null, operation);

    private sealed class SocketFactory(string? key, string? origin) : IConnectionFactory
    {
        public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endPoint, CancellationToken cancellation = default)
        {
            var socket = new ClientWebSocket();
            socket.Options.Proxy = null;
            if (key is not null)
                socket.Options.SetRequestHeader("Authorization", $"Bearer {key}");
            if (origin is not null)
                socket.Options.SetRequestHeader("Origin", origin);
            await socket.ConnectAsync(((UriEndPoint)endPoint).Uri, cancellation);
            return new SocketConnection(socket);
        }
    }

    private sealed class SocketConnection : ConnectionContext, IConnectionInherentKeepAliveFeature
    {
        private readonly ClientWebSocket socket;
        private readonly Pipe incoming = new();
        private readonly Pipe outgoing = new();
        private readonly CancellationTokenSource closed = new();
        private readonly Task pumping;

        public SocketConnection(ClientWebSocket socket)
        {
            this.socket = socket;
            Transport = new Duplex(incoming.Reader, outgoing.Writer);
            Features.Set<IConnectionInherentKeepAliveFeature>(this);
            pumping = Task.WhenAll(Receive(), Send());
        }

        public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("n");

        public override IFeatureCollection Features { get; } = new FeatureCollection();

        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

        public override IDuplexPipe Transport { get; set; }

        public bool HasInherentKeepAlive => false;

        public override async ValueTask DisposeAsync()
        {
            await closed.CancelAsync();
            socket.Abort();
            await pumping;
            socket.Dispose();
        }

        private async Task Receive()
        {
            Exception? failure = null;
            try
            {
                while (true)
                {
                    var read = await socket.ReceiveAsync(incoming.Writer.GetMemory(4096), closed.Token);
                    if (read.MessageType == WebSocketMessageType.Close)
                        break;
                    incoming.Writer.Advance(read.Count);
                    await incoming.Writer.FlushAsync(closed.Token);
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                failure = e;
            }
            await incoming.Writer.CompleteAsync(failure);
            await outgoing.Reader.CompleteAsync(failure);
        }

        private async Task Send()
        {
            try
            {
                while (await outgoing.Reader.ReadAsync(closed.Token) is { Buffer: var buffer } read)
                {
                    if (!buffer.IsEmpty)
                        await socket.SendAsync(buffer.ToArray(), WebSocketMessageType.Text, true, closed.Token);
                    outgoing.Reader.AdvanceTo(buffer.End);
                    if (read.IsCompleted)
                        break;
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
            {
            }
        }

        private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
    }
}
