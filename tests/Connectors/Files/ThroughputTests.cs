using System.Diagnostics;
using System.Text;

namespace Sophia.Pipelines;

/// <summary>Prints how fast one core reads and checks rows; the bound is wide, so that a busy machine does not fail it.</summary>
[Collection(Alone.Name)]
public sealed class ThroughputTests
{
    [Theory]
    [InlineData("rows.jsonl", 40)]
    [InlineData("rows.csv", 20)]
    public async Task Reading_rows_is_not_what_an_ingest_waits_for(string name, double leastMegabytesPerSecond)
    {
        using var folder = new Folder();
        var text = new StringBuilder(name == "rows.csv" ? "id,name,email,amount,stage,created,note\n" : "");
        for (var i = 0; i < 100_000; i++)
            text.Append(name == "rows.csv"
                ? $"{i:D8},Customer {i},c{i}@example.org,{i}.25,Won,2024-05-01,{new string('n', 400)}\n"
                : $"{{\"id\":\"{i:D8}\",\"name\":\"Customer {i}\",\"email\":\"c{i}@example.org\",\"amount\":{i}.25,\"stage\":\"Won\",\"created\":\"2024-05-01\",\"note\":\"{new string('n', 340)}\"}}\n");
        folder.Put(name, text.ToString());
        var best = 0.0;
        for (var round = 0; round < 4; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var (records, bytes) = await Drain(folder.Path, name);
            Assert.Equal(100_000, records);
            best = Math.Max(best, bytes / 1e6 / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        Console.WriteLine($"{name}: {best:F0} MB/s");
        Assert.True(best > leastMegabytesPerSecond, $"{best:F0} MB/s");
    }

    private static async Task<(long Records, long Bytes)> Drain(string root, string name)
    {
        await using var reader = await FilesUnderTest.Kind(new FilesOptions()).Open(FilesUnderTest.Source(root), new SourcePartition(name, "f", 1), null, default);
        var (records, bytes) = (0L, 0L);
        while (await reader.Read(BatchBudget.Default, default) is { } batch)
            (records, bytes) = (records + batch.Records.Count, bytes + batch.Bytes);
        return (records, bytes);
    }
}
