using System.Globalization;

namespace Sophia.Pages;

/// <summary>A moment in the past as an address says it; without a zone it is UTC.</summary>
/// <param name="At">Null where none is asked for, or where what is asked for is no moment.</param>
/// <param name="Wrong">Why it cannot be shown, or null.</param>
public sealed record PastMoment(DateTimeOffset? At, string? Wrong)
{
    /// <summary>The part of an address that says it again; empty where none is shown.</summary>
    public string Address => At is { } at ? $"&at={Uri.EscapeDataString(at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture))}" : "";

    public static PastMoment Of(string? text) => PageEndpoints.Given(text) switch
    {
        null => new(null, null),
        { } given when DateTimeOffset.TryParse(given, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) => new(at, null),
        _ => new(null, "That is no moment: write a day and a time, such as 2026-03-01T12:00."),
    };

    /// <summary>What is shown now instead, because it cannot be shown as it stood then.</summary>
    public PastMoment Refused(string because) => new(null, because);
}
