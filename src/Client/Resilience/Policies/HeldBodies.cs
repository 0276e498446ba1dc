using Microsoft.AspNetCore.Http.Metadata;

namespace Sophia.Resilience;

/// <summary>Counts what the bodies of a tenant's requests hold in memory against what the tenant may hold, until each request ends, however it ends.</summary>
/// <remarks>Counted as it is read, because a body's length is often not said before. Files are not counted: they go to the disk as they come. Deliveries count their own, before it is known whether they are the tenant's at all.</remarks>
internal sealed class HeldBodies(RequestDelegate next, IBulkheads bulkheads)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!IsCounted(context))
        {
            await next(context);
            return;
        }
        var tenant = context.User.Caller().Tenant;
        var body = context.Request.Body;
        var counted = new CountedBody(body, bytes =>
        {
            if (!bulkheads.TryHold(tenant, bytes))
                throw bulkheads.WhyNotHeld(tenant);
        });
        context.Request.Body = counted;
        try
        {
            await next(context);
        }
        finally
        {
            context.Request.Body = body;
            bulkheads.GiveBack(tenant, counted.Held);
        }
    }

    private static bool IsCounted(HttpContext context) => context.Request.Path.StartsWithSegments("/api") && context.Request.ContentLength != 0 && context.User.Identity is { IsAuthenticated: true }
        && context.Request.Method is not ("GET" or "HEAD") && context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is null or { MaxRequestBodySize: <= EdgeLimits.Body };
}

/// <summary>A body of which every byte that was read is held.</summary>
internal sealed class CountedBody(Stream inner, Action<long> hold) : Stream
{
    /// <summary>Bytes that are held.</summary>
    public long Held { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Counted(inner.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Counted(await inner.ReadAsync(buffer, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Counted(int bytes)
    {
        if (bytes == 0)
            return 0;
        hold(bytes); // Whoever may not hold it throws here, and then it is not held.
        Held += bytes;
        return bytes;
    }
}
