using System.Text;

namespace Sophia.Pipelines;

/// <summary>How a table's file separates its cells, and the names of its columns.</summary>
internal sealed record CsvDialect(byte Delimiter, IReadOnlyList<string> Columns)
{
    /// <summary>More columns than this are refused as no table.</summary>
    public const int MaxColumns = 10_000;

    private const int SampledRows = 20;

    private static readonly byte[] Delimiters = [(byte)',', (byte)';', (byte)'\t', (byte)'|'];

    /// <summary>The delimiter under which most of the first rows have as many cells as the header, and the most cells at that.</summary>
    public static byte Detect(ReadOnlySpan<byte> head, bool whole)
    {
        var (best, bestScore) = (Delimiters[0], 0.0);
        foreach (var delimiter in Delimiters)
        {
            var score = Score(head, whole, delimiter);
            if (score > bestScore)
                (best, bestScore) = (delimiter, score);
        }
        return best;
    }

    /// <summary>Column names from the header's cells: trimmed; an empty one is called column_N, a second "name" name_2.</summary>
    public static IReadOnlyList<string> Name(IEnumerable<string> header)
    {
        var names = new List<string>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var cell in header)
        {
            var trimmed = cell.Trim();
            var wanted = trimmed.Length == 0 ? $"column_{names.Count + 1}" : trimmed;
            var name = wanted;
            for (var n = 2; !taken.Add(name); n++)
                name = $"{wanted}_{n}";
            names.Add(name);
        }
        return names;
    }

    private static double Score(ReadOnlySpan<byte> head, bool whole, byte delimiter)
    {
        var cells = new CsvCells();
        var (header, same, rows) = (0, 0, 0);
        while (rows < SampledRows && CsvRow.Parse(head, whole, delimiter, cells, out var length) is var parse && parse != CsvParse.NeedsMore && length > 0)
        {
            head = head[length..];
            if (parse == CsvParse.Blank)
                continue;
            header = rows == 0 ? cells.Count : header;
            same += parse == CsvParse.Row && cells.Count == header ? 1 : 0;
            rows++;
        }
        return header < 2 ? 0 : header * ((double)same / rows) * ((double)same / rows);
    }

    public static string Text(ReadOnlySpan<byte> row, CsvCell cell) => Encoding.UTF8.GetString(CsvRow.Plain(row, cell));
}
