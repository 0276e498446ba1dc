namespace Sophia.Pipelines;

/// <summary>A window over a text source that grows and moves on. Slices that were handed out stay valid: their block is never written again.</summary>
internal sealed class TextBlocks(TextSource source, int blockBytes) : IAsyncDisposable
{
    private byte[] block = [];
    private int start;
    private int end;
    private bool handedOut;

    public TextSource Source => source;

    /// <summary>The source has nothing after what is unread.</summary>
    public bool AtEnd { get; private set; }

    public ReadOnlySpan<byte> Unread => block.AsSpan(start, end - start);

    public int UnreadLength => end - start;

    /// <summary>A part of what is unread, kept for good.</summary>
    public ReadOnlyMemory<byte> Keep(int offset, int length)
    {
        handedOut = true;
        return block.AsMemory(start + offset, length);
    }

    public void Advance(int count) => start += count;

    /// <summary>Reads on, what is unread staying unread; false at the end.</summary>
    public async ValueTask<bool> More(CancellationToken cancellation)
    {
        if (AtEnd)
            return false;
        if (block.Length - end < TextSource.SmallestRead)
            MakeRoom();
        var read = await source.Read(block.AsMemory(end), cancellation);
        end += read;
        AtEnd = read == 0;
        return !AtEnd;
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private void MakeRoom()
    {
        var unread = end - start;
        var wanted = Math.Max(Math.Max(blockBytes, 2 * TextSource.SmallestRead), unread * 2);
        var next = handedOut || block.Length < wanted ? GC.AllocateUninitializedArray<byte>(wanted) : block;
        Buffer.BlockCopy(block, start, next, 0, unread);
        handedOut &= ReferenceEquals(next, block);
        (block, start, end) = (next, 0, unread);
    }
}
