using System.Globalization;
using System.Text.Json;

namespace Sophia.Chat;

/// <summary>Writes a conversation as server-sent events: the id is the event's number, so that a browser resumes by itself.</summary>
internal static class EventStream
{
    /// <summary>The number after which a browser that lost its connection goes on, or null.</summary>
    /// <exception cref="RefusedException">Invalid: the header is no number.</exception>
    public static long? LastEventId(HttpRequest request) => request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } text
        ? long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new RefusedException(RefusalCode.Invalid, "Last-Event-ID must be an event's number.")
        : null;

    public static async Task Write(HttpContext context, IAsyncEnumerable<ChatEvent> events, TimeProvider time)
    {
        var stop = context.RequestAborted;
        await using var source = events.GetAsyncEnumerator(stop);
        var next = source.MoveNextAsync().AsTask();
        // What is refused before the first event is still an ordinary answer with a status.
        await Task.WhenAny(next, Task.Delay(ChatEdgeLimits.HeartbeatEvery, time, stop));
        if (next.IsFaulted)
            await next;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        EdgeMeter.Opened("sse");
        try
        {
            while (true)
            {
                if (!next.IsCompleted && await Task.WhenAny(next, Task.Delay(ChatEdgeLimits.HeartbeatEvery, time, stop)) != next)
                {
                    stop.ThrowIfCancellationRequested();
                    await context.Response.WriteAsync(": still here\n\n", stop);
                }
                else if (await next)
                {
                    await Write(context.Response, source.Current, stop);
                    next = source.MoveNextAsync().AsTask();
                    continue;
                }
                else
                    return;
                await context.Response.Body.FlushAsync(stop);
            }
        }
        finally
        {
            EdgeMeter.Closed("sse");
            // An iterator may only be disposed between two steps; the caller's going ends this one.
            await Task.WhenAny(next);
        }
    }

    private static async Task Write(HttpResponse response, ChatEvent happened, CancellationToken stop)
    {
        var data = JsonSerializer.Serialize(happened, ChatWire.Readable.ChatEvent);
        await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {happened.Number}\ndata: {data}\n\n"), stop);
        await response.Body.FlushAsync(stop);
    }
}
