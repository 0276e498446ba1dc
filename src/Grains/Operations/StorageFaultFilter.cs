using Orleans.Storage;
using Sophia.Log;

namespace Sophia.Operations;

/// <summary>Turns a failing store into a refusal that can cross to any caller, because callers know refusals and no stores.</summary>
/// <remarks>Where a grain could not even be activated its filters are not asked, and the failure comes to its caller as it is: so the caller's side turns it too.</remarks>
public sealed class StorageFaultFilter(TimeProvider time) : IIncomingGrainCallFilter, IOutgoingGrainCallFilter
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
                ? new RefusedException(RefusalCode.StorageFull, $"{fault.Plainly} Nothing of this request was stored.")
                : new RefusedException(RefusalCode.Unavailable, $"{fault.Plainly} {UnknownOutcome.Words}");
        }
    }

    /// <summary>Whoever calls a grain that cannot be activated: what it remembers could not be read, so the call was not begun.</summary>
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception failure) when (failure is not RefusedException && In(failure) is { } fault)
        {
            throw new RefusedException(RefusalCode.Unavailable, $"{fault.Plainly} Nothing of this request was done.");
        }
    }

    // A grain whose state cannot be written fails with an exception of the runtime around that of the store.
    private static StorageException? In(Exception? failure) => failure is null or StorageException ? failure as StorageException : In(failure.InnerException);
}
