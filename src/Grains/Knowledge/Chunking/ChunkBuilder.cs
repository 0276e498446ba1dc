using System.Text;

namespace Sophia.Knowledge;

/// <summary>Puts a chunk together from slices of a record's fields and the glue between them, and keeps where each slice came from.</summary>
internal sealed class ChunkBuilder
{
    private readonly StringBuilder text = new();
    private readonly List<ChunkSpan> spans = [];

    public bool IsEmpty => spans.Count == 0;

    public int Length => text.Length;

    /// <summary>Adds words of our own: a label, a line break.</summary>
    public ChunkBuilder Glue(string ours)
    {
        text.Append(ours);
        return this;
    }

    /// <summary>Adds a slice of a field.</summary>
    public ChunkBuilder Slice(string field, string value, int start, int length)
    {
        if (length > 0)
            spans.Add(new ChunkSpan(field, start, length, text.Length));
        text.Append(value, start, length);
        return this;
    }

    /// <summary>Starts a new line unless this is the first.</summary>
    public ChunkBuilder NewLine() => text.Length == 0 ? this : Glue("\n");

    /// <summary>The chunk so far; the builder starts afresh.</summary>
    public Chunk Take(int ordinal, ChunkKind kind, string? section, IReadOnlyList<string> speakers)
    {
        var chunk = new Chunk(ordinal, kind, text.ToString(), section, speakers, spans.ToArray());
        text.Clear();
        spans.Clear();
        return chunk;
    }
}
