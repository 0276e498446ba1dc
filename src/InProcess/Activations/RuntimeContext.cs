using Orleans.InProcess;

namespace Orleans.Runtime;

/// <summary>Which activation's turn runs on this thread.</summary>
/// <remarks>A thread-static is the one thing here that is neither injected nor immutable: grain code, reached through frames that
/// know nothing of the runtime, must find its activation. It is set and reset around every slice of turns.</remarks>
internal static class RuntimeContext
{
    [ThreadStatic]
    private static Activation? t_current;

    internal static Activation? Activation => t_current;

    internal static IGrainContext? Current => t_current;

    internal static Activation? Swap(Activation? next)
    {
        var before = t_current;
        t_current = next;
        return before;
    }

    internal static Guid NewGuid() => t_current?.Silo.World.NewGuid() ?? ThreadPoolWorld.SystemGuid();
}
