namespace Sophia.Operations;

/// <summary>How many things one answer may list.</summary>
internal static class Limits
{
    public const int MostListed = 1_000;

    /// <exception cref="RefusedException">Invalid: not 1 to <paramref name="most"/>.</exception>
    public static int Checked(int limit, int most = MostListed) =>
        limit >= 1 && limit <= most ? limit : throw new RefusedException(RefusalCode.Invalid, $"limit is 1 to {most}, not {limit}.");
}
