using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Sophia.Operations;

namespace Sophia.Cluster;

/// <summary>Calls again where a silo went away, so that whoever asked does not notice.</summary>
/// <remarks>A rejected call has not run and may always be repeated, and so may one that was refused with a time to ask again. Where the outcome is unknown (the silo died or did not answer in time)
/// only what says that it is <see cref="RepeatableAttribute"/> is called again.</remarks>
internal sealed class RepeatedCalls(TimeProvider time) : IOutgoingGrainCallFilter
{
    /// <summary>How long calls are repeated: a dead silo is found out in less.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100), LongestWait = TimeSpan.FromSeconds(1);

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        var until = time.GetUtcNow() + Patience;
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
            try
            {
                await context.Invoke();
                return;
            }
            catch (Exception failure) when (MayRepeat(failure, context) && time.GetUtcNow() < until)
            {
                await Task.Delay(wait, time);
            }
    }

    private static bool MayRepeat(Exception failure, IOutgoingGrainCallContext context) => failure switch
    {
        OrleansMessageRejectionException => IsOurs(context),
        // An activation whose place another has taken: the refusal of its store says that nothing was kept.
        RefusedException { Code: RefusalCode.Unavailable, RetryAt: not null } => IsOurs(context),
        SiloUnavailableException or ConnectionFailedException or TimeoutException => IsOurs(context) && context.InterfaceMethod.IsDefined(typeof(RepeatableAttribute), inherit: false),
        _ => false,
    };

    // The runtime's own calls have their own way with failures.
    private static bool IsOurs(IOutgoingGrainCallContext context) => context.InterfaceMethod.DeclaringType?.Namespace?.StartsWith("Sophia", StringComparison.Ordinal) == true;
}
