namespace Sophia.Knowledge;

/// <summary>A stretch of a chunk's text that speaks for it, and who says it.</summary>
internal readonly record struct BodyPart(int Start, int Length, string? Speaker);

/// <summary>Which part of a chunk's text is its own: not our labels, not who speaks, not the title or the headings that are weighed by themselves.</summary>
internal static class ChunkBody
{
    public static List<BodyPart> Parts(Chunk chunk, string title)
    {
        var parts = new List<BodyPart>(chunk.Spans.Count);
        string? speaker = null;
        for (var i = 0; i < chunk.Spans.Count; i++)
        {
            var span = chunk.Spans[i];
            var text = chunk.Text.AsSpan(span.TextStart, span.Length);
            if (chunk.Kind == ChunkKind.Turns && span.Field.EndsWith("].speaker", StringComparison.Ordinal))
                speaker = text.ToString();
            else if (i > 0 || chunk.Kind != ChunkKind.Entity || span.TextStart > 0 || !text.SequenceEqual(title))
            {
                parts.Add(Part(chunk, span, text, speaker));
                speaker = null;
            }
        }
        return parts;
    }

    private static BodyPart Part(Chunk chunk, ChunkSpan span, ReadOnlySpan<char> text, string? speaker)
    {
        var skipped = chunk.Kind == ChunkKind.Section ? Headings(text) : 0;
        return new BodyPart(span.TextStart + skipped, span.Length - skipped, speaker);
    }

    /// <summary>The length of the heading lines that a section starts with, unless they are all of it.</summary>
    private static int Headings(ReadOnlySpan<char> text)
    {
        var at = 0;
        while (at < text.Length && (text[at] == '#' || char.IsWhiteSpace(text[at])))
        {
            var line = text[at..].IndexOf('\n');
            if (line < 0)
                return 0;
            at += line + 1;
        }
        return at == text.Length ? 0 : at;
    }
}
