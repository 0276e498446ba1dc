using Microsoft.AspNetCore.SignalR;

namespace Sophia.Chat;

/// <summary>Calls of the hub act for their caller's tenant, and a refusal reaches the client as "code: text".</summary>
internal sealed class HubRefusals : IHubFilter
{
    /// <param name="ofRead">Whether what was refused changes nothing.</param>
    public static HubException Of(RefusedException refused, bool ofRead = false)
    {
        var code = Problems.Told(refused.Code).Code;
        EdgeMeter.Refused(code);
        return new($"{code}: {(ofRead ? UnknownOutcome.OfRead(refused.Message) : refused.Message)}", refused);
    }

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext call, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        try
        {
            using (CallerContext.For(call.Context.User!.Caller().Tenant))
                return await next(call);
        }
        catch (RefusedException e)
        {
            throw Of(e);
        }
    }
}
