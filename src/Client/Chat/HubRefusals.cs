using Microsoft.AspNetCore.SignalR;

namespace Sophia.Chat;

/// <summary>Calls of the hub act for their caller's tenant, and a refusal reaches the client as "code: text", with "Retry after N s." at its end where it is known when to ask again.</summary>
internal sealed class HubRefusals(TimeProvider time) : IHubFilter
{
    /// <param name="ofRead">Whether what was refused changes nothing.</param>
    public static HubException Of(RefusedException refused, TimeProvider time, bool ofRead = false)
    {
        var problem = Problems.Of(refused, time.GetUtcNow());
        return Of(ofRead ? Problems.OfRead(problem) : problem, refused);
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
            throw Of(e, time);
        }
        catch (ProblemException e)
        {
            throw Of(e.Problem, e);
        }
    }

    private static HubException Of(Problem problem, Exception because)
    {
        EdgeMeter.Refused(problem.Code);
        return new($"{problem.Code}: {problem.Detail}{(problem.RetryAfter is { } seconds ? $" Retry after {seconds} s." : "")}", because);
    }
}
