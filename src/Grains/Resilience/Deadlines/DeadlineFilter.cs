using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Reflection;

namespace Sophia.Resilience;

/// <summary>Carries deadlines from one process to the next, and refuses a call of somebody who does not wait any more before it begins.</summary>
/// <remarks>A deadline goes on into methods marked <see cref="EndsAtDeadlineAttribute"/> alone, and those are refused wherever they are called from. Every other method is refused only where it is called from outside of any grain,
/// and what it does has no deadline: a change that was begun is carried through, and work that it sets going is nobody's waiting.</remarks>
public sealed class DeadlineFilter(TimeProvider time) : IIncomingGrainCallFilter, IOutgoingGrainCallFilter
{
    private static readonly Meter Meter = new("Sophia.Resilience");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("sophia.deadline.refusals", "{call}", "Calls of grains that were not begun because the caller's deadline was over, by contract.");

    private readonly ConcurrentDictionary<MethodInfo, bool> marked = new();

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (!Deadline.Unpack(time))
            return Deadline.IsCarried ? Free(context) : context.Invoke(); // A call that nobody waits for leaves without filters: the moment that it brings is its caller's.
        var isMarked = context.InterfaceMethod is { } method && marked.GetOrAdd(method, static one => Attribute.IsDefined(one, typeof(EndsAtDeadlineAttribute)));
        if (Deadline.IsPassed(time) && (isMarked || IsFromOutside(context)))
        {
            Refusals.Add(1, new KeyValuePair<string, object?>("contract", context.InterfaceName));
            throw Deadline.Passed();
        }
        return isMarked ? context.Invoke() : Free(context);
    }

    public Task Invoke(IOutgoingGrainCallContext context) => Deadline.IsCarried ? Leaving(context) : context.Invoke();

    private async Task Leaving(IOutgoingGrainCallContext context)
    {
        using var _ = Deadline.Leaving(time);
        await context.Invoke();
    }

    private static async Task Free(IIncomingGrainCallContext context)
    {
        using var _ = Deadline.None();
        await context.Invoke();
    }

    private static bool IsFromOutside(IIncomingGrainCallContext context) => context.InterfaceMethod?.DeclaringType?.Assembly == typeof(Deadline).Assembly
        && (context.SourceId is not { } source || source.Type.ToString()?.StartsWith("sys.client", StringComparison.Ordinal) == true);
}
