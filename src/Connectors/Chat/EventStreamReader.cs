using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Sophia.Chat;

/// <summary>Reads the data of server-sent events, each line of bounded length; everything but "data:" is passed over.</summary>
internal sealed class EventStreamReader(Stream stream) : IAsyncDisposable
{
    /// <summary>The longest line, in bytes.</summary>
    public const int MaxLine = 256 * 1024;

    private readonly PipeReader pipe = PipeReader.Create(stream);

    /// <summary>The next event's data, or null at the end of the stream.</summary>
    /// <exception cref="AnswerModelException">A line is too long.</exception>
    public async ValueTask<string?> Next(CancellationToken cancellation)
    {
        var data = new StringBuilder();
        while (await Line(cancellation) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
                data.Append(data.Length > 0 ? "\n" : "").Append(line.AsSpan(5).TrimStart(' '));
            else if (line.Length == 0 && data.Length > 0)
                return data.ToString();
            if (data.Length > MaxLine)
                throw new AnswerModelException("The model's endpoint sent an event that is too long.");
        }
        return data.Length > 0 ? data.ToString() : null;
    }

    public ValueTask DisposeAsync() => pipe.CompleteAsync();

    private async ValueTask<string?> Line(CancellationToken cancellation)
    {
        while (true)
        {
            var read = await pipe.ReadAsync(cancellation);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.UTF8.GetString(buffer.Slice(0, end)).TrimEnd('\r');
                pipe.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }
            if (buffer.Length > MaxLine)
                throw new AnswerModelException("The model's endpoint sent a line that is too long.");
            if (read.IsCompleted)
            {
                var rest = Encoding.UTF8.GetString(buffer);
                pipe.AdvanceTo(buffer.End);
                return rest.Length > 0 ? rest : null;
            }
            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
