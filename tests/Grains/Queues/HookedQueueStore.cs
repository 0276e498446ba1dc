using System.Reflection;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>A store of queues that a test listens to, answers for, or has fail after what it was asked was done.</summary>
public class HookedQueueStore : DispatchProxy
{
    private IQueueStore store = null!;
    private Func<string, TenantId, object?> instead = null!;
    private Func<string, bool>? after;

    /// <param name="instead">Given a method's name and the tenant: the answer (a task of the method's kind), or null where the store is asked.</param>
    /// <param name="after">Whether a method fails after the store did it.</param>
    public static IQueueStore Over(IQueueStore store, Func<string, TenantId, object?> instead, Func<string, bool>? after = null)
    {
        var proxy = Create<IQueueStore, HookedQueueStore>();
        var hooked = (HookedQueueStore)(object)proxy;
        (hooked.store, hooked.instead, hooked.after) = (store, instead, after);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (instead(targetMethod!.Name, (TenantId)args![0]!) is { } answer)
            return answer;
        var done = targetMethod.Invoke(store, args);
        return done is Task<IReadOnlyList<EnqueueAnswer>> taken && after?.Invoke(targetMethod.Name) == true ? Lost(taken) : done;
    }

    private static async Task<IReadOnlyList<EnqueueAnswer>> Lost(Task<IReadOnlyList<EnqueueAnswer>> taken)
    {
        await taken;
        throw new StorageException(StorageFault.Unknown, "The disk did not say whether it has it.");
    }
}
