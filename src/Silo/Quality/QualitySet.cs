using Microsoft.VisualBasic.FileIO;
using Sophia.Commands;

namespace Sophia.Quality;

/// <summary>A dirty table, and where its clean twin differs. Only the judge reads the clean one: nothing of it goes into Sophia.</summary>
internal sealed class QualitySet
{
    private QualitySet(string name, string dirty, IReadOnlyList<string> columns, string[] keys, HashSet<(string Key, string Column)> wrong) =>
        (Name, Dirty, Columns, Keys, Wrong) = (name, dirty, columns, keys, wrong);

    public string Name { get; }

    /// <summary>The path of the dirty table.</summary>
    public string Dirty { get; }

    /// <summary>Headers of the dirty table; the first column names the record.</summary>
    public IReadOnlyList<string> Columns { get; }

    public IReadOnlyList<string> Keys { get; }

    public IReadOnlySet<(string Key, string Column)> Wrong { get; }

    /// <exception cref="CommandFailedException">A table is missing, or the two are not of one size, or the first column does not name the records.</exception>
    public static QualitySet Read(string folder)
    {
        var (dirty, clean) = (Rows(Path.Combine(folder, "dirty.csv")), Rows(Path.Combine(folder, "clean.csv")));
        if (dirty.Count != clean.Count || dirty.Zip(clean).Any(pair => pair.First.Length != pair.Second.Length))
            throw new CommandFailedException($"dirty.csv and clean.csv of {folder} are not of one size.");
        string[] keys = [.. dirty.Skip(1).Select(row => row[0])];
        if (keys.Distinct(StringComparer.Ordinal).Count() != keys.Length)
            throw new CommandFailedException($"The first column of {folder}/dirty.csv has values twice, so it does not name the records.");
        var wrong = new HashSet<(string, string)>();
        for (var row = 1; row < dirty.Count; row++)
            for (var column = 0; column < dirty[0].Length; column++)
                if (dirty[row][column].Trim() != clean[row][column].Trim())
                    wrong.Add((dirty[row][0], dirty[0][column]));
        return new QualitySet(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), Path.Combine(folder, "dirty.csv"), dirty[0], keys, wrong);
    }

    private static List<string[]> Rows(string path)
    {
        if (!File.Exists(path))
            throw new CommandFailedException($"There is no {path}.");
        using var parser = new TextFieldParser(path) { HasFieldsEnclosedInQuotes = true, TrimWhiteSpace = true };
        parser.SetDelimiters(",");
        var rows = new List<string[]>();
        while (parser.ReadFields() is { } row)
            rows.Add(row);
        return rows;
    }
}
