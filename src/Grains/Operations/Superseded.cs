namespace Sophia.Operations;

/// <summary>What a caller is told by an activation whose place another has taken.</summary>
internal static class Superseded
{
    /// <summary>Nothing of the call was stored: it may be made again at once, whatever it is, and then meets the newer activation.</summary>
    public static RefusedException Refusal(string what, TimeProvider time) =>
        new(RefusalCode.Unavailable, $"{what} is taken care of elsewhere by now. Nothing of this request was stored; ask again.", retryAt: time.GetUtcNow());
}
