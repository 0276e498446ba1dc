namespace Sophia.Operations;

/// <summary>What is said where nobody knows whether something took place: of what changes something, and of what only reads.</summary>
public static class UnknownOutcome
{
    public const string Words = "Whether the request took effect is unknown: ask again before repeating it.";

    /// <summary>The same sentences for somebody who only read: there is no effect that he could have had.</summary>
    public static string OfRead(string told) => told.Replace(Words, "Nothing was to be changed: ask again.", StringComparison.Ordinal);
}
