using Microsoft.AspNetCore.SignalR;

namespace Sophia.Chat;

/// <summary>Calls of the hub act for their caller's tenant, and a refusal reaches the client as "code: text".</summary>
internal sealed class HubRefusals : IHubFilter
{
    public static HubException Of(RefusedException refused)
    {
        var code = Problems.Told(refused.Code).Code;
        EdgeMeter.Refused(code);
        return new($"{code}: {refused.Message}", refused);
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
