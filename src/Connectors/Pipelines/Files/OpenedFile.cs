using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>A partition as a reader needs it: how to open its bytes again from any place, and under which names its records go.</summary>
/// <param name="Pipeline">Whose streams its records go to.</param>
/// <param name="Path">Relative to the source, with '/'.</param>
/// <param name="OpenAt">Opens the bytes at a place of the file (of its expanded form).</param>
/// <param name="Mark">How many bytes the byte order mark takes.</param>
internal sealed record OpenedFile(
    string Pipeline,
    string Path,
    string Fingerprint,
    FileFormat Format,
    FileEncoding Encoding,
    int Mark,
    FilesSettings Settings,
    int BlockBytes,
    Func<long, CancellationToken, ValueTask<Stream>> OpenAt)
{
    /// <summary>The stream of rows: the path without extension.</summary>
    public string RowStream => StreamOf(FileFormats.Stem(Path));

    /// <summary>What is known of the keys of files.</summary>
    public IFileKeys Keys { get; init; } = NoFileKeys.Instance;

    /// <summary>Whether the definition says which fields make the keys of the stream of rows: then nothing is looked for.</summary>
    public bool IsKeyPlanned { get; init; }

    /// <summary>Whether rows of one key are one record; else each is a version of it.</summary>
    public bool IsDeduplicated { get; init; } = true;

    public DateTimeOffset OpenedAt { get; init; }

    public string FileName => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The stream that the definition names; else one of the pipeline's own, since another pipeline may read a file of the same name.</summary>
    public string StreamOf(string name) => Settings.Stream ?? OwnStreams.Beside($"{Pipeline}/{name}");

    public async ValueTask<TextBlocks> Blocks(long at, CancellationToken cancellation) =>
        new(new TextSource(await OpenAt(Math.Max(at, Mark), cancellation), Encoding), BlockBytes);
}
