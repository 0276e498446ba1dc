namespace Sophia.Resilience;

/// <summary>Holds an answer's body back until it is kept. One that grows over the limit goes through to its reader from there on, and is not kept.</summary>
internal sealed class AnswerCapture(Stream through, int limit) : Stream
{
    private readonly MemoryStream held = new();
    private bool letThrough;

    /// <summary>The body; null where it was too large.</summary>
    public byte[]? Body => letThrough ? null : held.ToArray();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Gives the reader what was held.</summary>
    public async Task Send(CancellationToken cancellation)
    {
        if (!letThrough && held.Length > 0)
            await through.WriteAsync(held.GetBuffer().AsMemory(0, (int)held.Length), cancellation);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!letThrough && held.Length + buffer.Length <= limit)
        {
            held.Write(buffer.Span);
            return;
        }
        if (!letThrough)
        {
            await Send(cancellationToken);
            letThrough = true;
        }
        await through.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => letThrough ? through.FlushAsync(cancellationToken) : Task.CompletedTask;

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Answers are written asynchronously.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        held.Dispose();
        base.Dispose(disposing);
    }
}
