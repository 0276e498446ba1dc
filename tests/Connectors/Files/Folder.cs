using System.Text;

namespace Sophia.Pipelines;

/// <summary>A scratch folder with a files source over it.</summary>
internal sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sophia-files-").FullName;

    public FilesOptions Options { get; } = new();

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public Folder Put(string name, string text) => Put(name, Encoding.UTF8.GetBytes(text));

    public Folder Put(string name, byte[] bytes)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return this;
    }

    public Task<List<SourcePartition>> Partitions(params (string, string)[] settings) => FilesUnderTest.Partitions(Path, Options, settings);

    public Task<FileContent> Read(string name, params (string, string)[] settings) => FilesUnderTest.Read(Path, name, Options, null, BatchBudget.Default, settings);
}

/// <summary>All that a file gave, with the batches' states.</summary>
internal sealed record FileContent(List<SourceRecord> Records, List<BadPiece> Bad, List<SourceBatch> Batches)
{
    public IEnumerable<string> Texts => Records.Select(r => Encoding.UTF8.GetString(r.Payload.Span));

    /// <summary>Records and bad pieces as comparable text, places included.</summary>
    public IReadOnlyList<string> Facts =>
    [
        .. Records.Select(r => (r.Offset, $"{r.Offset}+{r.Length} line {r.Line} {r.Stream} {r.Key} {Encoding.UTF8.GetString(r.Payload.Span)}"))
            .Concat(Bad.Select(b => (b.Origin.Offset, $"{b.Origin} {b.Reason}"))).OrderBy(f => f.Item1).Select(f => f.Item2),
    ];
}

internal static class FilesUnderTest
{
    public static SourceContext Source(string path, params (string Name, string Value)[] settings) =>
        new("t", "p", new SourceDefinition("files", settings.Append(("path", path)).ToDictionary(s => s.Item1, s => s.Item2)));

    public static FilesSourceKind Kind(FilesOptions options, TimeProvider? time = null) => new(Microsoft.Extensions.Options.Options.Create(options), time ?? TimeProvider.System);

    public static async Task<List<SourcePartition>> Partitions(string path, FilesOptions options, (string, string)[] settings, TimeProvider? time = null)
    {
        var partitions = new List<SourcePartition>();
        await foreach (var partition in Kind(options, time).Partitions(Source(path, settings), default))
            partitions.Add(partition);
        return partitions;
    }

    public static async Task<FileContent> Read(string path, string name, FilesOptions options, string? state, BatchBudget budget, params (string, string)[] settings)
    {
        var content = new FileContent([], [], []);
        var length = new FileInfo(System.IO.Path.Combine(path, name)).Length;
        await using var reader = await Kind(options).Open(Source(path, settings), new SourcePartition(name, "f", length), state, default);
        while (await reader.Read(budget, default) is { } batch)
        {
            content.Records.AddRange(batch.Records);
            content.Bad.AddRange(batch.Bad);
            content.Batches.Add(batch);
        }
        return content;
    }
}
