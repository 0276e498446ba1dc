using System.Text.Json;

namespace Sophia.Chat;

/// <summary>An answer whose first piece has arrived.</summary>
internal sealed class OpenedAnswer(HttpResponseMessage response) : IAsyncDisposable
{
    /// <summary>The most that is read of one answer, in characters; the rest is left.</summary>
    private const int MaxLength = 64 * 1024;

    private EventStreamReader? events;
    private int length;
    private bool ended;

    /// <summary>The first piece, or null where the answer is empty.</summary>
    public string? First { get; private set; }

    public async Task Begin(CancellationToken cancellation)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellation);
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
            First = await Whole(body, cancellation);
        else
        {
            events = new EventStreamReader(body);
            do
                First = await Next(cancellation);
            while (First is "");
        }
    }

    /// <summary>The next piece, or null at the end.</summary>
    /// <exception cref="IOException">The stream ended before the answer did.</exception>
    public async Task<string?> Next(CancellationToken cancellation)
    {
        if (ended || events is null || length > MaxLength)
            return null;
        var data = await events.Next(cancellation) ?? throw new IOException("The stream ended before the answer did.");
        if (data == "[DONE]")
        {
            ended = true;
            return null;
        }
        var chunk = Read(data);
        ended = chunk.IsLast;
        length += chunk.Text.Length;
        return ended && chunk.Text.Length == 0 ? null : chunk.Text;
    }

    public async ValueTask DisposeAsync()
    {
        if (events is not null)
            await events.DisposeAsync();
        response.Dispose();
    }

    private async Task<string> Whole(Stream body, CancellationToken cancellation)
    {
        ended = true;
        var buffer = new byte[EventStreamReader.MaxLine];
        var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        return Read(System.Text.Encoding.UTF8.GetString(buffer, 0, read)).Text;
    }

    private static CompletionChunk Read(string data)
    {
        var chunk = JsonSerializer.Deserialize(data, CompletionJson.Default.CompletionChunk) ?? throw new JsonException("null");
        return chunk.Error is { ValueKind: not JsonValueKind.Null } ? throw new AnswerModelException("its endpoint reported an error") : chunk;
    }
}
