namespace Sophia.Operations;

/// <summary>The names that a misspelt one comes near to.</summary>
public static class NearNames
{
    private const int MostSaid = 5;

    /// <summary>A sentence after a blank that names what is near, or the first of what there is; empty where there is nothing.</summary>
    public static string Said(string name, IReadOnlyList<string> known)
    {
        var near = known.Select(one => (Name: one, Distance: Distance(name.ToLowerInvariant(), one.ToLowerInvariant()))).Where(one => one.Distance <= Math.Max(2, one.Name.Length / 3) || one.Name.Contains(name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(one => one.Distance).Select(one => one.Name).Take(MostSaid).ToList();
        var shown = near.Count > 0 ? near : [.. known.Take(MostSaid)];
        return shown.Count == 0 ? "" : $" {(near.Count > 0 ? "Did you mean" : "There is")} {string.Join(near.Count > 0 ? " or " : ", ", shown)}{(near.Count > 0 ? "?" : known.Count > shown.Count ? ", …" : ".")}";
    }

    /// <summary>Insertions, deletions, substitutions; a swap of two neighbours counts once.</summary>
    public static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            for (var j = 0; j <= b.Length; j++)
                rows[i, j] = i == 0 ? j : j == 0 ? i
                    : Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1),
                        Math.Min(rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] ? rows[i - 2, j - 2] + 1 : int.MaxValue));
        return rows[a.Length, b.Length];
    }
}
