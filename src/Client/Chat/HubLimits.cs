using Microsoft.AspNetCore.SignalR;

namespace Sophia.Chat;

/// <summary>Holds each call of the hub to the limits and bans that hold requests, under the route "HUB Method", and reading to what the level of degradation lets through. Who is refused keeps his connection.</summary>
internal sealed class HubLimits(ILimits limits, ReadBounds reads, TimeProvider time) : IHubFilter
{
    /// <summary>As below /api/chat; who watches is told when what is offered changes, so that is never bounded.</summary>
    private static readonly HashSet<string> Reads =
        [nameof(ChatHub.Ask), nameof(ChatHub.Events), nameof(ChatHub.Follow), nameof(ChatHub.Stop), nameof(ChatHub.Feedback), nameof(ChatHub.Conversations)];

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext call, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        if (Reads.Contains(call.HubMethodName))
            reads.Check(call.Context.User!.Caller().Tenant);
        var taken = await limits.TryTake(Asking(call), call.Context.ConnectionAborted);
        LimitAnswers.MustBeAdmitted(taken);
        if (!taken.HoldsPlaces)
            return await next(call);
        var (hub, held) = ((ChatHub)call.Hub, new HeldPlaces(taken, time));
        hub.Held = held;
        try
        {
            return await next(call);
        }
        catch (Exception failure)
        {
            held.Failed(failure);
            throw;
        }
        finally
        {
            hub.Held?.Ended(); // Null: a stream holds it now.
        }
    }

    private static LimitAsking Asking(HubInvocationContext call)
    {
        var caller = call.Context.User!.Caller();
        return new LimitAsking(caller.Tenant, LimitMiddleware.Resource, caller.KeyId, $"HUB {call.HubMethodName}", ClientAddress.Of(call.Context.GetHttpContext()?.Connection.RemoteIpAddress));
    }
}
