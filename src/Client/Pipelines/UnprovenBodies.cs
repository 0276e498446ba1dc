using System.IO.Pipelines;
using Sophia.Resilience;

namespace Sophia.Pipelines;

/// <summary>Reads the bodies of deliveries and holds them until their signature is checked. Anybody may send one, so there is a bound on all of them together, on those from one address, and on the time of each.
/// Nothing of it depends on whom a delivery is for: strangers take nothing from a tenant, and learn nothing of it.</summary>
internal sealed class UnprovenBodies(TimeProvider time, long most = EdgeLimits.DeliveriesHeld, long mostOfAddress = EdgeLimits.DeliveriesHeldOfAddress)
{
    /// <summary>What a body counts as holding while it is read, beside what is read already: so the number of bodies under way is bounded too.</summary>
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

    // A read of the body's stream that a token cuts short counts as under way for ever: Kestrel fails when it goes over what is left, and logs an error. So it is the reader that is told to end its read.
    private async Task Read(HttpRequest request, string from, MemoryStream body)
    {
        var (began, reader) = (time.GetTimestamp(), request.BodyReader);
        using var patience = new CancellationTokenSource(EdgeLimits.DeliveryGrace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, request.HttpContext.RequestAborted);
        using var ends = either.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
        for (var isWhole = false; !isWhole;)
        {
            var read = await reader.ReadAsync(CancellationToken.None);
            try
            {
                request.HttpContext.RequestAborted.ThrowIfCancellationRequested();
                if (read.IsCanceled)
                    throw Slow();
                foreach (var block in read.Buffer)
                {
                    Hold(from, block.Length);
                    body.Write(block.Span);
                }
                isWhole = read.IsCompleted;
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
            var left = Within(body.Length) - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero && !isWhole)
                throw Slow();
            patience.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
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
