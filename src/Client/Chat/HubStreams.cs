using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.SignalR;

namespace Sophia.Chat;

/// <summary>Counts the streams of one connection, and tells what goes wrong with them as the hub tells it of calls.</summary>
internal sealed class HubStreams(TimeProvider time, ILogger logger)
{
    private int open;

    public static HubStreams Of(HubCallerContext connection, TimeProvider time, ILogger logger)
    {
        lock (connection.Items)
        {
            if (connection.Items[typeof(HubStreams)] is not HubStreams streams)
                connection.Items[typeof(HubStreams)] = streams = new HubStreams(time, logger);
            return streams;
        }
    }

    /// <param name="held">What the stream holds for as long as it is open; null: nothing.</param>
    public async IAsyncEnumerable<T> Bounded<T>(IAsyncEnumerable<T> stream, HeldPlaces? held, [EnumeratorCancellation] CancellationToken cancellation)
    {
        EdgeMeter.Opened("hub");
        try
        {
            if (Interlocked.Increment(ref open) > ChatEdgeLimits.StreamsPerConnection)
                throw HubRefusals.Of(new RefusedException(RefusalCode.Busy, $"A connection has at most {ChatEdgeLimits.StreamsPerConnection} streams open."), time, logger);
            await using var items = stream.GetAsyncEnumerator(cancellation);
            while (await Next(items, cancellation))
                yield return items.Current;
        }
        finally
        {
            Interlocked.Decrement(ref open);
            EdgeMeter.Closed("hub");
            held?.Ended();
        }
    }

    private async Task<bool> Next<T>(IAsyncEnumerator<T> items, CancellationToken cancellation)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception e) when (HubRefusals.IsToTell(e, cancellation))
        {
            throw HubRefusals.Of(e, time, logger, ofRead: true);
        }
    }
}
