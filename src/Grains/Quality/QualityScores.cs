using System.Globalization;

namespace Sophia.Quality;

/// <summary>The five scores of a batch, each 0 to 1; a check that nothing asks for scores 1.</summary>
internal sealed record QualityScores(double Completeness, double Accuracy, double Consistency, double Timeliness, double Uniqueness)
{
    public double Mean => (Completeness + Accuracy + Consistency + Timeliness + Uniqueness) / 5;

    public IEnumerable<(string Check, double Score)> Each =>
        [("completeness", Completeness), ("accuracy", Accuracy), ("consistency", Consistency), ("timeliness", Timeliness), ("uniqueness", Uniqueness)];

    public static string Show(double score) => score.ToString("0.####", CultureInfo.InvariantCulture);

    public override string ToString() => string.Join(", ", Each.Select(check => $"{check.Check} {Show(check.Score)}"));
}

/// <summary>What a batch's scores are made of. Counts are of cells: a record and a field, however many rules speak of it.</summary>
internal sealed class QualityCounts
{
    public long Records { get; set; }

    /// <summary>Records of streams that have rules.</summary>
    public long Judged { get; set; }

    public long RequiredCells { get; set; }

    public long MissingCells { get; set; }

    public long CheckedCells { get; set; }

    public long WrongCells { get; set; }

    public long DatedCells { get; set; }

    public long OldCells { get; set; }

    public long UniqueCells { get; set; }

    public long RepeatedCells { get; set; }

    public QualityScores Scores() => new(Share(MissingCells, RequiredCells), Share(WrongCells, CheckedCells), 1, Share(OldCells, DatedCells), Share(RepeatedCells, UniqueCells));

    /// <summary>Each check's formula with its numbers.</summary>
    public IReadOnlyList<string> Details() =>
    [
        $"completeness = 1 - {MissingCells} missing / {RequiredCells} required cells (records x required fields)",
        $"accuracy = 1 - {WrongCells} wrong / {CheckedCells} checked cells (type, format, range, enum, pattern, cross-field)",
        "consistency = 1: what speaks across records is asked of the whole stream, and flags later",
        $"timeliness = 1 - {OldCells} too old / {DatedCells} dated cells",
        $"uniqueness = 1 - {RepeatedCells} repeated / {UniqueCells} unique cells",
    ];

    private static double Share(long wrong, long all) => all == 0 ? 1 : 1 - (double)wrong / all;
}
