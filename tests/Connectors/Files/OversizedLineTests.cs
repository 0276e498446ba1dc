using System.Security.Cryptography;
using System.Text;

namespace Sophia.Pipelines;

/// <summary>Tests that measure the whole process, and so run with nothing beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>A line far beyond the limit: what is said of it, and what it costs.</summary>
[Collection(Alone.Name)]
public sealed class OversizedLineTests
{
    [Theory]
    [InlineData("f.jsonl")]
    [InlineData("f.csv")]
    public async Task A_line_beyond_the_limit_is_passed_over_in_bounded_memory_and_named_by_its_hash(string name)
    {
        const int Mega = 1 << 20;
        using var folder = new Folder();
        var path = Path.Combine(folder.Path, name);
        var (first, last) = name == "f.csv" ? ("a\n1\n", "\n2\n") : ("{\"a\":1}\n", "\n{\"a\":2}\n");
        var chunk = new byte[Mega];
        Array.Fill(chunk, (byte)'x');
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var file = File.Create(path))
        {
            file.Write(Encoding.UTF8.GetBytes(first));
            for (var i = 0; i < 200; i++)
            {
                file.Write(chunk);
                hash.AppendData(chunk);
            }
            file.Write(Encoding.UTF8.GetBytes(last));
        }
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var content = await folder.Read(name);
        Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < 100L * Mega);
        Assert.Equal(2, content.Records.Count);
        var bad = Assert.Single(content.Bad);
        Assert.Equal(new Sophia.Quality.Origin(name, first.Length, 200L * Mega, name == "f.csv" ? 3 : 2, Convert.ToHexStringLower(hash.GetHashAndReset())), bad.Origin);
        Assert.Equal("size", bad.Reason.Rule);
        Assert.True(bad.Preview!.Length <= Pieces.MaxPreviewBytes);
    }
}
