using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.SignalR;

namespace Sophia.Chat;

/// <summary>Counts the streams of one connection, and tells their refusals as the hub tells others.</summary>
internal sealed class HubStreams(TimeProvider time)
{
    private int open;

    public static HubStreams Of(HubCallerContext connection, TimeProvider time)
    {
        lock (connection.Items)
        {
            if (connection.Items[typeof(HubStreams)] is not HubStreams streams)
                connection.Items[typeof(HubStreams)] = streams = new HubStreams(time);
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
                throw HubRefusals.Of(new RefusedException(RefusalCode.Busy, $"A connection has at most {ChatEdgeLimits.StreamsPerConnection} streams open."), time);
            await using var items = stream.GetAsyncEnumerator(cancellation);
            while (await Next(items))
                yield return items.Current;
        }
        finally
        {
            Interlocked.Decrement(ref open);
            EdgeMeter.Closed("hub");
            held?.Ended();
        }
    }

    private async Task<bool> Next<T>(IAsyncEnumerator<T> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (RefusedException e)
        {
            throw HubRefusals.Of(e, time, ofRead: true);
        }
    }
}
