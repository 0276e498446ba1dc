using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.SignalR;

namespace Sophia.Chat;

/// <summary>The hub and the chat endpoints.</summary>
public static class ChatEdge
{
    /// <summary>The id of a question that came without one: with it the question may be passed on again where a silo died.</summary>
    internal static string NewOperation() => $"{Guid.CreateVersion7():N}";

    public static IServiceCollection AddChat(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ChatWire.Default));
        services.AddSignalR(hub =>
        {
            hub.MaximumReceiveMessageSize = ChatEdgeLimits.Message;
            hub.MaximumParallelInvocationsPerClient = ChatEdgeLimits.CallsPerConnection;
            hub.KeepAliveInterval = ChatEdgeLimits.HeartbeatEvery;
            hub.ClientTimeoutInterval = ChatEdgeLimits.SilentFor;
            hub.AddFilter<HubRefusals>();
            hub.AddFilter<HubLimits>(); // Within: what it refuses is told as all refusals are.
        }).AddJsonProtocol(json =>
        {
            EdgeJson.Shape(json.PayloadSerializerOptions);
            json.PayloadSerializerOptions.TypeInfoResolverChain.Insert(0, ChatWire.Default);
            json.PayloadSerializerOptions.TypeInfoResolverChain.Add(new DefaultJsonTypeInfoResolver());
        });
        return services;
    }

    public static IEndpointRouteBuilder MapChat(this IEndpointRouteBuilder app)
    {
        app.MapChatEndpoints();
        app.MapHub<ChatHub>(ChatHub.Path, connection =>
        {
            connection.ApplicationMaxBufferSize = ChatEdgeLimits.Message;
            connection.TransportMaxBufferSize = ChatEdgeLimits.Message;
        }).Add(OwnPagesOnly);
        return app;
    }

    // A page of another host must not talk to the hub with a browser's sign-in, nor with a key that it was given.
    private static void OwnPagesOnly(EndpointBuilder endpoint)
    {
        var next = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context => context.Request.Headers.Origin.Count > 0 && !SameOrigin.FromOwnPages(context.Request)
            ? throw new RefusedException(RefusalCode.Forbidden, "Only Sophia's own pages may open the hub.")
            : next(context);
    }
}
