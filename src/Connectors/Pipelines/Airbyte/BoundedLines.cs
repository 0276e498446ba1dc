using System.Security.Cryptography;
using System.Text;

namespace Sophia.Pipelines;

/// <summary>A line of a connector's output. One that is longer than allowed is passed over: only its length, its hash and its beginning are known.</summary>
/// <param name="IsWhole">False for the last piece where the output ended within a line.</param>
internal readonly record struct OutputLine(ReadOnlyMemory<byte> Bytes, long Offset, long Length, string? OversizedHash, bool IsWhole)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);
}

/// <summary>Splits a stream into lines in memory that is bounded by the longest line allowed. Nothing is read ahead of who asks, so a full pipe slows the writer.</summary>
internal sealed class BoundedLines(Stream stream, int maxLineBytes)
{
    private byte[] buffer = new byte[64 * 1024];
    private int start;
    private int end;
    private int searched;
    private long offset;
    private Task<int>? reading;
    private IncrementalHash? skipping;
    private byte[] skippedHead = [];
    private long skipped;

    public bool Ended { get; private set; }

    /// <summary>The next line that is here already; its bytes hold until the next call. Null where more has to be read first (or nothing is left).</summary>
    public OutputLine? Next()
    {
        if (skipping is not null)
            return Skip();
        var found = buffer.AsSpan(start + searched, end - start - searched).IndexOf((byte)'\n');
        if (found >= 0)
        {
            var length = searched + found;
            return length > maxLineBytes ? Skip() : Take(length, length + 1, isWhole: true);
        }
        searched = end - start;
        if (searched > maxLineBytes)
            return Skip();
        return Ended && searched > 0 ? Take(searched, searched, isWhole: false) : null;
    }

    /// <summary>The read that is under way; one at a time, however often this is asked.</summary>
    public Task<int> Reading => reading ??= StartReading();

    /// <summary>Takes over what the read brought.</summary>
    public void Took()
    {
        var count = reading!.Result;
        reading = null;
        end += count;
        Ended = count == 0;
    }

    /// <summary>Nothing more will come, whatever the pipe says.</summary>
    public void Close() => Ended = true;

    public async ValueTask<OutputLine?> Read()
    {
        while (true)
        {
            if (Next() is { } line)
                return line;
            if (Ended)
                return null;
            await Reading;
            Took();
        }
    }

    private Task<int> StartReading()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        if (end == buffer.Length)
            Array.Resize(ref buffer, (int)Math.Min((long)buffer.Length * 2, (long)maxLineBytes + 64 * 1024));
        return stream.ReadAsync(buffer, end, buffer.Length - end);
    }

    private OutputLine Take(int length, int consumed, bool isWhole)
    {
        var line = new OutputLine(buffer.AsMemory(start, length), offset, length, null, isWhole);
        Pass(consumed);
        return line;
    }

    private void Pass(int count)
    {
        start += count;
        offset += count;
        searched = 0;
    }

    private OutputLine? Skip()
    {
        skipping ??= Begin();
        var unread = buffer.AsSpan(start, end - start);
        var newline = unread.IndexOf((byte)'\n');
        var piece = newline < 0 ? unread : unread[..newline];
        skipping.AppendData(piece);
        skipped += piece.Length;
        Pass(newline < 0 ? piece.Length : piece.Length + 1);
        if (newline < 0 && !Ended)
            return null;
        var hash = Convert.ToHexStringLower(skipping.GetHashAndReset());
        var line = new OutputLine(skippedHead, offset - skipped, skipped, hash, newline >= 0);
        skipping.Dispose();
        (skipping, skipped) = (null, 0);
        if (buffer.Length > 1024 * 1024 && end - start < 64 * 1024)
            Shrink();
        return line;
    }

    private IncrementalHash Begin()
    {
        skippedHead = buffer.AsSpan(start, Math.Min(Pieces.MaxPreviewBytes, end - start)).ToArray();
        return IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    private void Shrink()
    {
        var smaller = new byte[64 * 1024];
        buffer.AsSpan(start, end - start).CopyTo(smaller);
        (buffer, start, end) = (smaller, 0, end - start);
    }
}
