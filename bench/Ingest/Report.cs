using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Sophia.Bench;

/// <summary>Prints figures as they come: a table, or one JSON object a line.</summary>
internal sealed class Report(bool json)
{
    private bool headed;

    /// <param name="figure">Records a second.</param>
    /// <param name="baseline">Records a second of the baseline, or null where there is none.</param>
    public void Row(string bench, double figure, double? baseline)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { bench, figure = Math.Round(figure), unit = "records/s", baseline = baseline is { } b ? Math.Round(b) : (double?)null, ratio = baseline is { } c ? Math.Round(figure / c, 3) : (double?)null }));
            return;
        }
        if (!headed)
            Console.WriteLine($"{"bench",-34}{"records/s",12}{"baseline",12}{"ratio",8}{"peak MB",10}");
        headed = true;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bench,-34}{figure,12:F0}{baseline,12:F0}{figure / baseline,8:F2}{PeakRssMb(),10}"));
    }

    /// <summary>A sentence for readers; programs are not told.</summary>
    public void Line(string sentence)
    {
        if (!json)
            Console.WriteLine(sentence);
    }

    public void End(string sqlite)
    {
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new { bench = "ingest peak memory, baseline included", figure = PeakRssMb(), unit = "MB" }));
        else
            Console.WriteLine($"SQLite {sqlite}. Baseline: the same rows into a table with a unique (stream, key) index, same driver, pragmas and rows a transaction, reading and parsing not counted.");
    }

    private static long PeakRssMb()
    {
        using var process = Process.GetCurrentProcess();
        process.Refresh();
        return process.PeakWorkingSet64 / (1024 * 1024);
    }
}
