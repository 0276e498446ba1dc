using System.Diagnostics;
using Microsoft.AspNetCore.SignalR;

namespace Sophia.Chat;

/// <summary>Calls of the hub act for their caller's tenant, and what goes wrong reaches the client as "code: text", as over REST, with "Retry after N s." at its end where it is known when to ask again.</summary>
internal sealed partial class HubRefusals(TimeProvider time, ILogger<ChatHub> logger) : IHubFilter
{
    /// <param name="ofRead">Whether what failed changes nothing.</param>
    public static HubException Of(Exception failure, TimeProvider time, ILogger logger, bool ofRead = false)
    {
        var problem = Problems.Of(failure, time.GetUtcNow());
        if (ofRead)
            problem = Problems.OfRead(problem);
        var found = "";
        if (problem.Status is StatusCodes.Status500InternalServerError)
        {
            var correlation = (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToString();
            LogFailed(logger, failure, correlation);
            found = $" It is {correlation}.";
        }
        EdgeMeter.Refused(problem.Code);
        return new($"{problem.Code}: {problem.Detail}{found}{(problem.RetryAfter is { } seconds ? $" Retry after {seconds} s." : "")}", failure);
    }

    /// <summary>Whether it is to be told: not what is told already, and not the end that the caller himself asked for.</summary>
    public static bool IsToTell(Exception failure, CancellationToken caller) => failure is not HubException && !(failure is OperationCanceledException && caller.IsCancellationRequested);

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext call, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        try
        {
            using (CallerContext.For(call.Context.User!.Caller().Tenant))
                return await next(call);
        }
        catch (Exception e) when (IsToTell(e, call.Context.ConnectionAborted))
        {
            throw Of(e, time, logger, ofRead: call.HubMethodName == nameof(ChatHub.Conversations));
        }
    }

    [LoggerMessage(5003, LogLevel.Error, "A call of the hub failed ({CorrelationId})")]
    private static partial void LogFailed(ILogger logger, Exception exception, string correlationId);
}
