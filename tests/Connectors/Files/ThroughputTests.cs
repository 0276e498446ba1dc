using System.Text;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Goal: reading rows is not what an ingest waits for. Method: the processor time of a file's reading against that of a plain loop over the same bytes in the same moments, which a busy machine slows as much.</summary>
[Collection(Alone.Name)]
public sealed class ThroughputTests
{
    private const int Rows = 100_000;

    [Theory]
    [InlineData("rows.jsonl", 6)]
    [InlineData("rows.csv", 6)]
    public async Task Rows_are_read_in_a_small_multiple_of_what_a_plain_loop_over_them_takes(string name, double most)
    {
        using var folder = new Folder();
        var isCsv = name == "rows.csv";
        var text = new StringBuilder(isCsv ? "id,name,email,amount,stage,created,note\n" : "");
        for (var i = 0; i < Rows; i++)
            text.Append(isCsv
                ? $"{i:D8},Customer {i},c{i}@example.org,{i}.25,Won,2024-05-01,{new string('n', 400)}\n"
                : $"{{\"id\":\"{i:D8}\",\"name\":\"Customer {i}\",\"email\":\"c{i}@example.org\",\"amount\":{i}.25,\"stage\":\"Won\",\"created\":\"2024-05-01\",\"note\":\"{new string('n', 340)}\"}}\n");
        folder.Put(name, text.ToString());
        var (read, plain) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (var round = 0; round < 6; round++)
        {
            var began = Environment.CpuUsage.TotalTime;
            Assert.Equal(Rows, await Drain(folder.Path, name));
            var between = Environment.CpuUsage.TotalTime;
            Assert.Equal(isCsv ? Rows + 1 : Rows, Plain(Path.Combine(folder.Path, name), isCsv));
            (read, plain) = (Least(read, between - began), Least(plain, Environment.CpuUsage.TotalTime - between));
        }
        Console.WriteLine($"{name}: {read / plain:F2} times the plain loop");
        Assert.True(read < most * plain, $"{read.TotalMilliseconds:F0} ms of processor time, {read / plain:F1} times the {plain.TotalMilliseconds:F0} ms of a plain loop");
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static async Task<long> Drain(string root, string name)
    {
        await using var reader = await FilesUnderTest.Kind(new FilesOptions()).Open(FilesUnderTest.Source(root), new SourcePartition(name, "f", 1), null, default);
        var records = 0L;
        while (await reader.Read(BatchBudget.Default, default) is { } batch)
            records += batch.Records.Count;
        return records;
    }

    /// <summary>Parses each line and keeps its bytes: what no reader can do without. A row of CSV is written as JSON.</summary>
    private static int Plain(string path, bool isCsv)
    {
        var kept = new List<byte[]>();
        foreach (var line in File.ReadLines(path))
        {
            var bytes = isCsv ? JsonSerializer.SerializeToUtf8Bytes(line.Split(',')) : Encoding.UTF8.GetBytes(line);
            var json = new Utf8JsonReader(bytes);
            while (json.Read())
            {
            }
            kept.Add(bytes);
        }
        return kept.Count;
    }
}
