using System.Reflection;

namespace Sophia.Queues;

/// <summary>A store whose every answer is there when its method returns: for a world of one thread, in which nobody else may decide when something goes on.</summary>
public class BlockingStore : DispatchProxy
{
    private object store = null!;
    private Func<MethodInfo, object?[], object?[]> changed = null!;

    /// <param name="changed">What is asked instead.</param>
    public static TStore Over<TStore>(TStore store, Func<MethodInfo, object?[], object?[]>? changed = null) where TStore : class
    {
        var proxy = Create<TStore, BlockingStore>();
        var blocking = (BlockingStore)(object)proxy;
        (blocking.store, blocking.changed) = (store, changed ?? ((_, given) => given));
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        // On a thread of the pool, so that nothing of the store waits for the thread that waits for it.
        var asked = changed(targetMethod!, args!);
        var answer = Task.Run(async () =>
        {
            var begun = (Task)targetMethod!.Invoke(store, asked)!;
            await begun;
            return begun;
        });
        return answer.GetAwaiter().GetResult();
    }
}
