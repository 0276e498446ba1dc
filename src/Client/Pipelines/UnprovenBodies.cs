using System.Buffers;
using Sophia.Resilience;

namespace Sophia.Pipelines;

/// <summary>Reads the bodies of deliveries and holds them until their signature is checked. Anybody may send one, so there is a bound on all of them together, on those from one address, and on the time of each.
/// Nothing of it depends on whom a delivery is for: strangers take nothing from a tenant, and learn nothing of it.</summary>
internal sealed class UnprovenBodies(TimeProvider time, long most = EdgeLimits.DeliveriesHeld, long mostOfAddress = EdgeLimits.DeliveriesHeldOfAddress)
{
    /// <summary>What a body is read by. It counts as held meanwhile, so the number of bodies under way is bounded too.</summary>
    internal const int BlockBytes = 64 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<string, long> byAddress = new(StringComparer.Ordinal);
    private long held;

    /// <summary>Reads a body; what it holds is free again when it is disposed.</summary>
    /// <exception cref="RefusedException">Busy: too many bytes are held already, or the body came too slowly.</exception>
    public async Task<UnprovenBody> Read(HttpRequest request)
    {
        var from = ClientAddress.Of(request.HttpContext.Connection.RemoteIpAddress) ?? "";
        Hold(from, BlockBytes);
        var bytes = new MemoryStream();
        try
        {
            await Read(request, from, bytes);
        }
        catch
        {
            GiveBack(from, bytes.Length);
            throw;
        }
        finally
        {
            GiveBack(from, BlockBytes);
        }
        return new UnprovenBody(bytes, () => GiveBack(from, bytes.Length));
    }

    private async Task Read(HttpRequest request, string from, MemoryStream body)
    {
        var began = time.GetTimestamp();
        using var patience = new CancellationTokenSource(EdgeLimits.DeliveryGrace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, request.HttpContext.RequestAborted);
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (int read; (read = await request.Body.ReadAsync(block.AsMemory(0, BlockBytes), either.Token)) > 0;)
            {
                Hold(from, read);
                body.Write(block, 0, read);
                var left = Within(body.Length) - time.GetElapsedTime(began);
                if (left <= TimeSpan.Zero)
                    throw Slow();
                patience.CancelAfter(left);
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw Slow();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>How long a body may have taken of which so many bytes are here.</summary>
    private static TimeSpan Within(long bytes) => EdgeLimits.DeliveryGrace + TimeSpan.FromSeconds((double)bytes / EdgeLimits.DeliveryRate) is var earned && earned < EdgeLimits.DeliveryWithin ? earned : EdgeLimits.DeliveryWithin;

    private void Hold(string from, long bytes)
    {
        lock (gate)
        {
            var own = byAddress.GetValueOrDefault(from) + bytes;
            if (held + bytes > most)
                throw Busy("Too many deliveries are being received.");
            if (own > mostOfAddress)
                throw Busy("Too many deliveries are being received from this address.");
            held += bytes;
            byAddress[from] = own;
        }
    }

    private void GiveBack(string from, long bytes)
    {
        lock (gate)
        {
            held -= bytes;
            if (byAddress.GetValueOrDefault(from) - bytes is > 0 and var own)
                byAddress[from] = own;
            else
                byAddress.Remove(from);
        }
    }

    private RefusedException Slow() => Busy($"The delivery came too slowly: {EdgeLimits.DeliveryRate / 1024} KiB a second are expected after {EdgeLimits.DeliveryGrace.TotalSeconds:0} seconds, and all of it within {EdgeLimits.DeliveryWithin.TotalSeconds:0}.");

    private RefusedException Busy(string why) => new(RefusalCode.Busy, why, retryAt: time.GetUtcNow() + EdgeLimits.DeliveryAgainAfter);
}

/// <summary>A body that is here. Disposed once its signature was checked, or nobody needs it any more: from then on the strangers' memory is not concerned.</summary>
internal sealed class UnprovenBody(MemoryStream bytes, Action giveBack) : IDisposable
{
    private Action? giveBack = giveBack;

    public ReadOnlyMemory<byte> Bytes => bytes.GetBuffer().AsMemory(0, (int)bytes.Length);

    public void Dispose() => Interlocked.Exchange(ref giveBack, null)?.Invoke();
}
