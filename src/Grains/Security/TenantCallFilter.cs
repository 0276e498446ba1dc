using Microsoft.Extensions.Logging;
using Sophia.Operations;

namespace Sophia.Security;

/// <summary>Stands before every grain of ours and refuses a stranger, in words that are the same whether the thing exists or not.</summary>
public sealed partial class TenantCallFilter(ILogger<TenantCallFilter> logger) : IIncomingGrainCallFilter
{
    private static readonly string Ours = typeof(Tenants.ITenantGrain).Assembly.GetName().Name!;

    public Task Invoke(IIncomingGrainCallContext context)
    {
        // The runtime's own interfaces (reminders, management) are called by the runtime alone.
        if (context.InterfaceMethod?.DeclaringType?.Assembly.GetName().Name != Ours)
            return context.Invoke();
        var target = context.TargetId.Key.ToString() ?? "";
        if (TenantCallRules.MayCall(target, CallerContext.Tenant, CallerContext.SystemReason, context.SourceId?.Key.ToString()))
            return context.Invoke();
        LogRefused(context.InterfaceName, context.MethodName, CallerContext.Tenant?.Value);
        throw new RefusedException(RefusalCode.Forbidden, "There is no such thing, or it is not yours.");
    }

    [LoggerMessage(4001, LogLevel.Warning, "Refused {Interface}.{Method} to a stranger (acting for {Tenant})")]
    private partial void LogRefused(string @interface, string method, string? tenant);
}
