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
        key = key.Length <= 60 ? key : $"{key[..57]}...";
        var nearest = names.Select(name => (name, distance: Distance(key, name))).OrderBy(pair => pair.distance).FirstOrDefault();
        var help = nearest.name is not null && nearest.distance <= Math.Max(2, key.Length / 3)
            ? $"did you mean \"{nearest.name}\"?"
            : $"known here: {string.Join(", ", names)}";
        Add(line, where, $"unknown key \"{key}\"; {help}");
    }

    // Edits, in lower case; two letters that changed places count as one edit.
    private static int Distance(string left, string right)
    {
        (left, right) = (left.ToLowerInvariant(), right.ToLowerInvariant());
        var table = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
            for (var j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }
                var same = left[i - 1] == right[j - 1];
                table[i, j] = Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        return table[left.Length, right.Length];
    }
}
