namespace Sophia.Operations;

/// <summary>What whoever does something grave says with it: why, and once more what it concerns.</summary>
internal static class Confirmation
{
    private const int MostReasonCharacters = 500;

    /// <exception cref="RefusedException">Invalid: it has not 1 to <paramref name="most"/> characters.</exception>
    public static string Reason(string? reason, string name = "reason", int most = MostReasonCharacters) => reason?.Trim() is { Length: >= 1 } text && text.Length <= most ? text
        : throw new RefusedException(RefusalCode.Invalid, $"{name} has 1 to {most} characters; it is shown, and stands in the audit.");

    /// <param name="how">What it must do, as in "repeat the tenant".</param>
    /// <exception cref="RefusedException">Invalid: confirm is not <paramref name="expected"/>.</exception>
    public static void MustRepeat(string? confirm, string expected, string how)
    {
        if (confirm != expected)
            throw new RefusedException(RefusalCode.Invalid, $"confirm must {how}.");
    }
}
