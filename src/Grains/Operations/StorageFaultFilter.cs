using Orleans.Storage;
using Sophia.Log;

namespace Sophia.Operations;

/// <summary>Turns a failing store into a refusal that can cross to any caller, because callers know refusals and no stores.</summary>
public sealed class StorageFaultFilter(TimeProvider time) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (InconsistentStateException)
        {
            // The activation ends: whoever writes state sees to that (StateCommit).
            throw Superseded.Refusal("What this is about", time);
        }
        catch (Exception failure) when (In(failure) is { } fault)
        {
            throw fault.Fault == StorageFault.Full
                ? new RefusedException(RefusalCode.StorageFull, "The disk is full. Nothing of this request was stored.")
                : new RefusedException(RefusalCode.Unavailable, $"The store failed ({fault.Fault}). Whether the request took effect is unknown: ask again before repeating it.");
        }
    }

    // A grain whose state cannot be written fails with an exception of the runtime around that of the store.
    private static StorageException? In(Exception? failure) => failure is null or StorageException ? failure as StorageException : In(failure.InnerException);
}
