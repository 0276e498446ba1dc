namespace Sophia.Operations;

/// <summary>Two releases side by side, of which only one knows what is asked (docs/adr/0017).</summary>
public static class OtherReleases
{
    private const string Words = "Two releases of Sophia run side by side just now, and only one of them knows this. Ask again when all of it is upgraded.";

    /// <summary>What whoever asked is told.</summary>
    public static RefusedException Refusal() => new(RefusalCode.Unavailable, Words);

    /// <summary>Whether it was told.</summary>
    public static bool IsSaidBy(RefusedException refused) => refused is { Code: RefusalCode.Unavailable, Message: Words };
}
