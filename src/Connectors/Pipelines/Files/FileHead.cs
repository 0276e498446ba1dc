using System.IO.Compression;

namespace Sophia.Pipelines;

/// <summary>What a file's first bytes tell: its encoding, or why it is no text.</summary>
internal sealed record FileHead(FileEncoding Encoding, int Mark, string? Unreadable)
{
    private const int HeadBytes = 4_096;

    /// <summary>Of so many bytes one may be zero in a file of rows: those rows are named, and the rest is read. More of them are no rows.</summary>
    private const int RowBytesToZero = 10;

    /// <param name="format">How the file is to be read; null: by no reader.</param>
    public static FileHead Read(string path, bool gzip, FileEncoding wanted, FileFormat? format, FilesOptions options)
    {
        try
        {
            using var stream = FileBytes.Open(path, gzip, options);
            var head = new byte[HeadBytes];
            var read = stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false);
            return Judge(head.AsSpan(0, read), wanted, format is FileFormat.Csv or FileFormat.Tsv or FileFormat.JsonLines or FileFormat.Json);
        }
        catch (InvalidDataException)
        {
            return new FileHead(wanted, 0, "not a valid gzip file");
        }
        catch (UnauthorizedAccessException)
        {
            return new FileHead(wanted, 0, "permission denied");
        }
        catch (IOException error)
        {
            return new FileHead(wanted, 0, $"cannot be opened: {error.Message}");
        }
    }

    private static FileHead Judge(ReadOnlySpan<byte> head, FileEncoding wanted, bool ofRows)
    {
        var (encoding, mark) = FileEncodings.Of(head, wanted);
        var wide = encoding is FileEncoding.Utf16LittleEndian or FileEncoding.Utf16BigEndian;
        return new FileHead(encoding, mark, head.IsEmpty ? "the file is empty"
            : !wide && head.Count((byte)0) is > 0 and var zeroes && (!ofRows || zeroes > head.Length / RowBytesToZero) ? "binary content (NUL bytes), or UTF-16 without a byte order mark"
            : null);
    }
}

/// <summary>Opens a file's bytes, expanded where it is compressed.</summary>
internal static class FileBytes
{
    public static Stream Open(string path, bool gzip, FilesOptions options)
    {
        var stream = RegularFile.Open(path);
        return gzip ? new BoundedGzip(stream, Math.Max(options.MaxExpandedBytes, stream.Length * options.MaxExpansion)) : stream;
    }

    public static async ValueTask<Stream> OpenAt(string path, bool gzip, long at, FilesOptions options, CancellationToken cancellation)
    {
        var stream = Open(path, gzip, options);
        if (!gzip)
        {
            stream.Position = at;
            return stream;
        }
        var buffer = new byte[64 * 1024];
        for (int read; at > 0 && (read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(at, buffer.Length)), cancellation)) > 0; at -= read)
        {
        }
        return stream;
    }
}

/// <summary>Expands a compressed file up to a limit, so that a small file cannot become an endless one.</summary>
internal sealed class BoundedGzip(Stream compressed, long limit) : Stream
{
    private readonly GZipStream inner = new(compressed, CompressionMode.Decompress);
    private long expanded;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => expanded; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Counted(inner.Read(buffer, offset, count));

    public override int Read(Span<byte> buffer) => Counted(inner.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Counted(await inner.ReadAsync(buffer, cancellationToken));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private int Counted(int read)
    {
        expanded += read;
        return expanded <= limit ? read : throw new InvalidDataException($"it expands to more than {limit} bytes.");
    }
}
