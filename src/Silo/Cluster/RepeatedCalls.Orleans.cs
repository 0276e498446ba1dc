using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Sophia.Operations;

namespace Sophia.Cluster;

/// <summary>Calls again where a silo went away, so that whoever asked does not notice.</summary>
/// <remarks>
/// A rejected call has not run and may always be repeated, and so may one that was refused with a time to ask again. Where the outcome is unknown (the silo died or did not answer in time)
/// only what says that it is <see cref="RepeatableAttribute"/> is called again. Such a call is made anew and not sent again: a callee in this process is handed the request itself and
/// clears its arguments when it has run, which may be after its caller gave up.
/// </remarks>
internal sealed class RepeatedCalls(TimeProvider time) : IOutgoingGrainCallFilter
{
    /// <summary>How long calls are repeated: a dead silo is found out in less.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>How Orleans begins to say of a call that it may have run: <c>CallbackData.OnTargetSiloFail</c> and <c>OnHostShutdown</c>.</summary>
    private static readonly string[] UnknownOutcomes = ["The target silo became unavailable for message", "The local Orleans host is shutting down"];

    private readonly ConcurrentDictionary<MethodInfo, Kind> kinds = new();

    // Set within a call that is made anew: whoever made it repeats.
    private readonly AsyncLocal<bool> isRepeat = new();

    private enum Kind
    {
        Never,
        Ours,
        Repeatable,
    }

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        var kind = isRepeat.Value ? Kind.Never : kinds.GetOrAdd(context.InterfaceMethod, KindOf);
        if (kind == Kind.Never)
        {
            await context.Invoke();
            return;
        }
        var arguments = Arguments(context);
        var until = time.GetUtcNow() + Patience;
        var isFirst = true;
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
            try
            {
                await (isFirst ? context.Invoke() : Anew(context, arguments));
                return;
            }
            catch (Exception failure) when (MayRepeat(failure, kind) && time.GetUtcNow() < until)
            {
                isFirst = false;
                await Task.Delay(wait, time);
            }
    }

    private static bool MayRepeat(Exception failure, Kind kind) => failure switch
    {
        SiloUnavailableException lost when IsUnknown(lost) => kind == Kind.Repeatable,
        OrleansMessageRejectionException => true,
        // An activation whose place another has taken: the refusal of its store says that nothing was kept.
        RefusedException { Code: RefusalCode.Unavailable, RetryAt: not null } => true,
        ConnectionFailedException or TimeoutException => kind == Kind.Repeatable,
        _ => false,
    };

    // Orleans has one type for what was never sent and for what was on a silo that died; only the words differ.
    private static bool IsUnknown(SiloUnavailableException lost) => Array.Exists(UnknownOutcomes, begins => lost.Message.StartsWith(begins, StringComparison.Ordinal));

    // The runtime's own calls have their own way with failures.
    private static Kind KindOf(MethodInfo method) =>
        method.DeclaringType?.Namespace?.StartsWith("Sophia", StringComparison.Ordinal) != true || !typeof(Task).IsAssignableFrom(method.ReturnType) ? Kind.Never
        : method.IsDefined(typeof(RepeatableAttribute), inherit: false) ? Kind.Repeatable : Kind.Ours;

    private static object?[] Arguments(IOutgoingGrainCallContext context)
    {
        var count = context.Request.GetArgumentCount();
        if (count == 0)
            return [];
        var arguments = new object?[count];
        for (var i = 0; i < count; i++)
            arguments[i] = context.Request.GetArgument(i);
        return arguments;
    }

    private async Task Anew(IOutgoingGrainCallContext context, object?[] arguments)
    {
        isRepeat.Value = true;
        var call = (Task)context.InterfaceMethod.Invoke(context.Grain, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
        await call;
        context.Result = context.InterfaceMethod.ReturnType.IsGenericType ? call.GetType().GetProperty(nameof(Task<int>.Result))!.GetValue(call) : null;
    }
}
