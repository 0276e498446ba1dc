using System.Buffers;

namespace Sophia.Pipelines;

/// <summary>Holds the bodies of deliveries until their signature is checked. Anybody may send one, so there is a bound on all of them together, on those for one tenant, and on the time of each.</summary>
internal sealed class UnprovenBodies(TimeProvider time, IBulkheads bulkheads, long most = EdgeLimits.DeliveriesHeld)
{
    private const int BlockBytes = 64 * 1024;

    private long held;

    /// <summary>Reads a body and gives it to <paramref name="use"/>; what it held is free again afterwards.</summary>
    /// <exception cref="RefusedException">Busy: too many bytes are held already, or the body came too slowly.</exception>
    public async Task<T> With<T>(TenantId tenant, HttpRequest request, Func<ReadOnlyMemory<byte>, Task<T>> use)
    {
        var body = new MemoryStream();
        try
        {
            await Read(tenant, request, body);
            return await use(body.GetBuffer().AsMemory(0, (int)body.Length));
        }
        finally
        {
            Interlocked.Add(ref held, -body.Length);
            bulkheads.GiveBack(tenant, body.Length);
        }
    }

    private async Task Read(TenantId tenant, HttpRequest request, MemoryStream body)
    {
        using var patience = new CancellationTokenSource(EdgeLimits.DeliveryWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, request.HttpContext.RequestAborted);
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (int read; (read = await request.Body.ReadAsync(block, either.Token)) > 0;)
            {
                if (!bulkheads.TryHold(tenant, read))
                    throw bulkheads.WhyNotHeld(tenant);
                body.Write(block, 0, read);
                if (Interlocked.Add(ref held, read) > most)
                    throw Busy("Too many deliveries are being received.");
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw Busy($"The delivery did not arrive within {EdgeLimits.DeliveryWithin.TotalSeconds:0} seconds.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private RefusedException Busy(string why) => new(RefusalCode.Busy, why, retryAt: time.GetUtcNow() + EdgeLimits.DeliveryAgainAfter);
}
