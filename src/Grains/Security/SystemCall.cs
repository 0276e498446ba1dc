using Sophia.Operations;

namespace Sophia.Security;

/// <summary>What only the installation itself may ask of a grain.</summary>
internal static class SystemCall
{
    /// <summary>The same words whether a thing is missing or somebody else's: a refusal tells nobody what there is.</summary>
    public const string NotYours = "There is no such thing, or it is not yours.";

    /// <exception cref="RefusedException">Forbidden: a tenant asks.</exception>
    public static void MustBe()
    {
        if (CallerContext.SystemReason is null)
            throw new RefusedException(RefusalCode.Forbidden, NotYours);
    }
}
