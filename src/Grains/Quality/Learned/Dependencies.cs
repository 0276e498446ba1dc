namespace Sophia.Quality;

/// <summary>That one field mostly decides another, such as a ZIP code its city.</summary>
/// <param name="Confidence">The share of records, among those that can be compared, whose value is their group's commonest.</param>
/// <param name="Strength">How much of what guessing the commonest value of all gets wrong the dependency gets right: 0 none, 1 all.</param>
internal sealed record Dependency(string Determinant, string Dependent, double Confidence, double Strength, int Compared, int Against);

/// <summary>Finds approximate functional dependencies, and the cells that break one.</summary>
internal static class Dependencies
{
    /// <summary>A group of fewer records with one value of the deciding field says nothing.</summary>
    public const int LeastGroup = 3;

    /// <summary>A group whose commonest value has less than this share does not say which is right.</summary>
    public const double LeastMajority = 0.6;

    public const double LeastConfidence = 0.9;

    public const double LeastStrength = 0.4;

    /// <summary>The share of records that must lie in groups to compare.</summary>
    public const double LeastCover = 0.5;

    /// <summary>Records looked at to find dependencies: the first in key order. All are looked at for violations.</summary>
    public const int DiscoveryRows = 20_000;

    /// <summary>Fields compared with each other.</summary>
    public const int DiscoveryFields = 60;

    /// <summary>The most dependencies that are named for one dependent field: the strongest.</summary>
    public const int MostPerField = 3;

    public static IReadOnlyList<Dependency> Discover(StreamTable table)
    {
        IReadOnlyList<TableRow> rows = [.. table.Rows().Take(DiscoveryRows)];
        int[] fields = [.. Enumerable.Range(0, table.Columns.Count).Where(column => table.Columns[column].Distinct >= 2).Take(DiscoveryFields)];
        var found = new List<Dependency>();
        foreach (var determinant in fields)
        {
            List<TableRow>[] groups = [.. Groups(rows, determinant)];
            var compared = groups.Sum(group => group.Count);
            if (groups.Length < 2 || compared < LeastCover * rows.Count)
                continue;
            foreach (var dependent in fields)
                if (dependent != determinant && Measure(table, groups, compared, determinant, dependent) is { } dependency)
                    found.Add(dependency);
        }
        return [.. found.GroupBy(dependency => dependency.Dependent)
            .SelectMany(group => group.OrderByDescending(d => d.Strength).ThenBy(d => d.Determinant, StringComparer.Ordinal).Take(MostPerField))
            .OrderByDescending(d => d.Strength).ThenBy(d => d.Dependent, StringComparer.Ordinal).ThenBy(d => d.Determinant, StringComparer.Ordinal)];
    }

    /// <summary>Cells that differ from what most records with the same deciding values have.</summary>
    public static IEnumerable<(TableRow Row, string Expected, int Agreeing, int Group)> Violations(StreamTable table, IReadOnlyList<string> determinants, string dependent)
    {
        int[] deciding = [.. determinants.Select(table.NumberOf)];
        var decided = table.NumberOf(dependent);
        if (decided < 0 || deciding.Any(column => column < 0))
            yield break;
        var groups = deciding.Length == 1
            ? Groups(table.Rows(), deciding[0])
            : table.Rows().Where(row => deciding.All(column => row[column] != 0))
                .GroupBy(row => string.Join(',', deciding.Select(column => row[column])), StringComparer.Ordinal).Select(group => group.ToList()).Where(group => group.Count >= LeastGroup);
        foreach (var group in groups)
        {
            var (value, count) = Commonest(table.Columns[decided], group, decided);
            if (value == 0 || count < LeastMajority * group.Count)
                continue;
            foreach (var row in group)
                if (row[decided] != value)
                    yield return (row, table.Columns[decided][value].Text, count, group.Count);
        }
    }

    private static Dependency? Measure(StreamTable table, List<TableRow>[] groups, int compared, int determinant, int dependent)
    {
        var column = table.Columns[dependent];
        var commonest = column.Commonest().First().Count;
        var (kept, all) = (groups.Sum(group => Commonest(column, group, dependent).Count), Math.Max(table.Count, 1));
        var (confidence, guessed) = ((double)kept / compared, (double)commonest / all);
        var strength = guessed >= 1 ? 0 : (confidence - guessed) / (1 - guessed);
        return confidence >= LeastConfidence && strength >= LeastStrength
            ? new Dependency(table.Columns[determinant].Name, column.Name, confidence, strength, compared, compared - kept) : null;
    }

    private static IEnumerable<List<TableRow>> Groups(IReadOnlyList<TableRow> rows, int column) =>
        rows.Where(row => row[column] != 0).GroupBy(row => row[column]).Select(group => group.ToList()).Where(group => group.Count >= LeastGroup);

    private static (int Value, int Count) Commonest(TableColumn column, List<TableRow> group, int field)
    {
        var counts = new Dictionary<int, int>();
        foreach (var row in group)
            counts[row[field]] = counts.GetValueOrDefault(row[field]) + 1;
        // Of two equally common ones the lesser text, so that numbers given out in another order change nothing.
        return counts.OrderByDescending(pair => pair.Value).ThenBy(pair => column[pair.Key].Text, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)).First();
    }
}
