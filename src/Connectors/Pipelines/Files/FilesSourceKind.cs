using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;

namespace Sophia.Pipelines;

/// <summary>Reads files and folders; a partition is a file, its id the path relative to the source with '/'.</summary>
/// <remarks>Nothing outside the source's path is ever opened: links are not followed, and the path is checked again when a file is opened.</remarks>
internal sealed class FilesSourceKind(IOptions<FilesOptions> options, TimeProvider time) : ISourceKind
{
    /// <summary>Raised when keys are made in another way: every file is then read once more.</summary>
    private const int KeysVersion = 3;

    /// <summary>How far ahead of this machine's clock a file's time may be and still count as "just written"; beyond it the time says nothing.</summary>
    private static readonly TimeSpan ClocksDifferBy = TimeSpan.FromMinutes(10);

    public string Type => "files";

    public async IAsyncEnumerable<SourcePartition> Partitions(SourceContext source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var settings = FilesSettings.Parse(source.Definition);
        var (root, mayRead) = Root(settings, source.Tenant);
        await Task.CompletedTask;
        using var files = FolderWalk.Files(root, path => mayRead(path) && settings.Include.Match(path) && !settings.Exclude.Match(path) && (settings.Vendored || !CodeFiles.IsVendored(path)), cancellation).GetEnumerator();
        while (Next(files, settings) is { } file)
            if (Partition(file, settings) is { } partition)
                yield return partition;
    }

    public ValueTask<string?> Warning(SourceContext source, CancellationToken cancellation)
    {
        try
        {
            var settings = FilesSettings.Parse(source.Definition);
            Root(settings, source.Tenant);
            return ValueTask.FromResult<string?>(null);
        }
        catch (SourceException wrong)
        {
            var path = source.Definition["path"] ?? "";
            return ValueTask.FromResult<string?>(path.Length == 0 || Path.IsPathRooted(path) ? wrong.Message : $"{wrong.Message} A relative path begins at {Environment.CurrentDirectory}, where Sophia runs.");
        }
    }

    public async Task<ISourceReader> Open(SourceContext source, SourcePartition partition, string? state, CancellationToken cancellation)
    {
        var settings = FilesSettings.Parse(source.Definition);
        var (root, mayRead) = Root(settings, source.Tenant);
        var path = Resolve(root, partition.Id);
        if (!mayRead(partition.Id))
            throw new SourceException($"files: {partition.Id} lies in a folder that no source may read.", transient: false);
        var (format, gzip) = Format(partition.Id, settings);
        var head = FileHead.Read(path, gzip, settings.Encoding, format, options.Value);
        if (head.Unreadable is { } why || format is null)
            throw new SourceException($"files: {partition.Id}: {head.Unreadable ?? "no reader"}.", transient: true);
        var file = new OpenedFile(source.Pipeline, partition.Id, partition.Fingerprint, format.Value, head.Encoding, head.Mark, settings, options.Value.BlockBytes,
            (at, stop) => FileBytes.OpenAt(path, gzip, at, options.Value, stop)) { Keys = source.Keys, OpenedAt = time.GetUtcNow() };
        file = file with { IsKeyPlanned = source.HasKey(file.RowStream), IsDeduplicated = source.IsDeduplicated(file.RowStream) };
        var from = ReaderState.Parse(state, partition.Fingerprint);
        try
        {
            return await FileReaders.Open(file, from, cancellation);
        }
        catch (InvalidDataException error)
        {
            return new RefusedFileReader(file, file.RowStream, PieceFault.Damaged(error.Message), from);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"files: {partition.Id}: {error.Message}", transient: true, error);
        }
    }

    private static WalkedFile? Next(IEnumerator<WalkedFile> files, FilesSettings settings)
    {
        try
        {
            return files.MoveNext() ? files.Current : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"files: {settings.Path}: {error.Message}", transient: true, error);
        }
    }

    /// <summary>Null where the file vanished while it was looked at.</summary>
    private SourcePartition? Partition(WalkedFile file, FilesSettings settings)
    {
        if (file.Refused is { } refused)
            return new SourcePartition(file.Path, "link", 0, refused);
        var info = file.Info;
        if (!info.Exists)
            return file.Path.Contains(FolderWalk.UnknownCharacter) ? new SourcePartition(file.Path, "name", 0, FolderWalk.NameIsNotText) : null;
        var fingerprint = $"{info.Length}-{info.LastWriteTimeUtc.Ticks}-{KeysVersion}";
        if (settings.Watch && IsSettling(time.GetUtcNow().UtcDateTime - info.LastWriteTimeUtc, settings.SettleFor))
            return new SourcePartition(file.Path, fingerprint, info.Length, Settling: true);
        var (format, gzip) = Format(file.Path, settings);
        var unreadable = format is null ? NoReader(file.Path)
            : info.Length == 0 ? "the file is empty"
            : format == FileFormat.Code && !settings.Generated && CodeFiles.IsGeneratedName(file.Path) ? CodeFiles.GeneratedByName
            : FileHead.Read(info.FullName, gzip, settings.Encoding, format, options.Value).Unreadable;
        return new SourcePartition(file.Path, fingerprint, info.Length, unreadable);
    }

    private static bool IsSettling(TimeSpan age, TimeSpan settleFor) => age < settleFor && age > -ClocksDifferBy;

    private static (FileFormat? Format, bool Gzip) Format(string path, FilesSettings settings)
    {
        var (format, gzip) = FileFormats.Of(path);
        return (settings.Format ?? format, gzip);
    }

    private static string NoReader(string path) =>
        Path.GetExtension(path) is { Length: > 1 } extension ? $"no reader for {extension.ToLowerInvariant()}" : "no reader for a file without an extension";

    private (string Root, Func<string, bool> MayRead) Root(FilesSettings settings, string tenant)
    {
        var (reach, root, missing) = (new FileReach(options.Value, tenant), Path.GetFullPath(settings.Path), (IOException?)null);
        try
        {
            root = FolderWalk.Real(settings.Path);
        }
        catch (IOException error)
        {
            missing = error;
        }
        if (reach.Objection(root) is { } objection) // Before it is said what exists: who may not read there learns nothing.
            throw new SourceException($"files: path {settings.Path} {objection}.", transient: false);
        if (missing is not null and not (DirectoryNotFoundException or FileNotFoundException))
            throw new SourceException($"files: path {settings.Path}: {missing.Message}", transient: false, missing);
        if (missing is not null || (!Directory.Exists(root) && !File.Exists(root)))
            throw new SourceException($"files: path {settings.Path} does not exist.", transient: true);
        return (root, reach.Below(root));
    }

    /// <summary>The file of a partition's id, which must still lie in the root with no link on the way.</summary>
    private static string Resolve(string root, string id)
    {
        var path = File.Exists(root) && id == Path.GetFileName(root) ? root : Path.GetFullPath(Path.Combine(root, id));
        if (!FolderWalk.IsWithin(path, root))
            throw new SourceException($"files: {id} lies outside the folder.", transient: false);
        if (!File.Exists(path))
            throw new SourceException($"files: {id} is gone.", transient: true);
        if (FolderWalk.Real(path) != path)
            throw new SourceException($"files: {id} has a link in its path; links are not followed.", transient: false);
        return path;
    }
}
