using Sophia.Quality;

namespace Sophia.Log;

/// <summary>What stays of a quarantined item that is erased: which rules it broke, and that it is decided on.</summary>
internal static class ErasedItem
{
    public const string By = "erasure";

    private const string NoteStart = "erased by ";

    /// <summary>The note by which the items of an erasure are counted.</summary>
    public static string Note(string erasure) => NoteStart + erasure;

    public static IReadOnlyList<CellReason> Reasons(IReadOnlyList<CellReason> reasons) => [.. reasons.Select(reason => new CellReason(reason.Field, reason.Rule, null, "", null))];
}
