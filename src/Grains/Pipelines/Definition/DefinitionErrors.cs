namespace Sophia.Pipelines;

/// <summary>Collects every mistake of one definition as "file:line: where: expected …, found …".</summary>
internal sealed class DefinitionErrors(string fileName)
{
    private readonly List<(int Line, string Text)> found = [];

    /// <summary>The mistakes in the order of their lines, at most <see cref="DefinitionLimits.MaxErrors"/>.</summary>
    public IReadOnlyList<string> Lines =>
        [.. found.OrderBy(error => error.Line).Take(DefinitionLimits.MaxErrors).Select(error => $"{fileName}:{error.Line}: {error.Text}")];

    public bool Any => found.Count > 0;

    public void Add(int line, string where, string text) => found.Add((line, where.Length == 0 ? text : $"{where}: {text}"));

    public void Expected(DefinitionNode node, string where, string expectation) => Add(node.Line, where, $"expected {expectation}, found {node.Shown}");

    /// <summary>Names a key that nobody knows, with the known one that it most resembles.</summary>
    public void Unknown(int line, string where, string key, IEnumerable<string> known)
    {
        var names = known.Order(StringComparer.Ordinal).ToArray();
        var nearest = names.Select(name => (name, distance: Distance(key, name))).OrderBy(pair => pair.distance).FirstOrDefault();
        var help = nearest.name is not null && nearest.distance <= Math.Max(2, key.Length / 3)
            ? $"did you mean \"{nearest.name}\"?"
            : $"known here: {string.Join(", ", names)}";
        Add(line, where, $"unknown key \"{key}\"; {help}");
    }

    // Levenshtein, in lower case, with one row.
    private static int Distance(string left, string right)
    {
        (left, right) = (left.ToLowerInvariant(), right.ToLowerInvariant());
        var row = new int[right.Length + 1];
        for (var j = 0; j <= right.Length; j++)
            row[j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[right.Length];
    }
}
