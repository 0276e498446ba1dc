namespace Sophia.Pipelines;

/// <summary>What differs between two texts of a definition, line by line, for people.</summary>
internal static class DefinitionDifference
{
    public const int MostLines = 40;

    /// <summary>Lines that only the old text has after "- ", those that only the new one has after "+ ", in the order of the texts.</summary>
    public static IReadOnlyList<string> Between(string before, string after)
    {
        var (old, fresh) = (Lines(before), Lines(after));
        // Above and below stays what both begin and end with; in between lines are told apart by how often they stand there.
        var same = old.Zip(fresh).TakeWhile(pair => pair.First == pair.Second).Count();
        var end = old.Skip(same).Reverse().Zip(fresh.Skip(same).Reverse()).TakeWhile(pair => pair.First == pair.Second).Count();
        var (left, right) = (old[same..^end], fresh[same..^end]);
        string[] all = [.. Without(left, right).Select(line => $"- {line}"), .. Without(right, left).Select(line => $"+ {line}")];
        return all.Length <= MostLines ? all : [.. all.Take(MostLines - 1), $"… and {all.Length - MostLines + 1} more"];
    }

    private static string[] Lines(string text) => [.. text.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];

    private static IEnumerable<string> Without(string[] lines, string[] others)
    {
        var left = others.GroupBy(line => line, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        foreach (var line in lines)
            if (left.TryGetValue(line, out var times) && times > 0)
                left[line] = times - 1;
            else
                yield return line;
    }
}
