namespace Sophia.Knowledge;

/// <summary>Documents by section: small ones next to each other stand together, long ones are cut. A heading without text of its own goes with what follows it.</summary>
internal static class DocumentChunker
{
    private sealed record Part(TextPiece Piece, string? Path);

    public static List<Chunk> Chunks(string text, bool markdown, string title, ChunkingOptions options)
    {
        var chunks = new List<Chunk>();
        var builder = new ChunkBuilder();
        foreach (var part in Joined(Parts(text, markdown, title, options), text, options).Take(options.MaxChunks))
            chunks.Add(builder.Slice("text", text, part.Piece.Start, part.Piece.Length).Take(chunks.Count, ChunkKind.Section, part.Path, []));
        return chunks;
    }

    private static IEnumerable<Part> Parts(string text, bool markdown, string title, ChunkingOptions options)
    {
        var sections = markdown ? MarkdownSections.Of(text) : [new DocumentSection(0, 0, text.Length, [])];
        var carried = -1;
        for (var i = 0; i < sections.Count; i++)
        {
            var section = sections[i];
            var start = carried >= 0 ? carried : section.Start;
            carried = -1;
            var empty = text.AsSpan(section.BodyStart, section.End - section.BodyStart).IsWhiteSpace();
            if (empty && i + 1 < sections.Count && section.End - start < options.MaxChunkLength / 4)
                carried = start;
            else
                foreach (var piece in TextSplitter.Split(text, start, section.End, options.SectionTargetWords, options.SectionMaxWords, options.MaxChunkLength))
                    yield return new Part(piece, Path(section, title));
        }
    }

    /// <summary>Puts neighbours together while one of them is small and both fit the target.</summary>
    private static IEnumerable<Part> Joined(IEnumerable<Part> parts, string text, ChunkingOptions options)
    {
        Part? open = null;
        foreach (var part in parts)
        {
            if (open is not null && Fits(open.Piece, part.Piece, options))
            {
                open = new Part(TextSplitter.Whole(text, open.Piece.Start, part.Piece.End), JoinPaths(open.Path, part.Path));
                continue;
            }
            if (open is not null)
                yield return open;
            open = part;
        }
        if (open is not null)
            yield return open;
    }

    private static bool Fits(TextPiece a, TextPiece b, ChunkingOptions options) =>
        Math.Min(a.Words, b.Words) < options.SectionMinWords && a.Words + b.Words <= options.SectionTargetWords && b.End - a.Start <= options.MaxChunkLength;

    /// <summary>Both paths, without what the second repeats of the first.</summary>
    private static string? JoinPaths(string? first, string? second)
    {
        if (first is null || second is null || first == second)
            return first ?? second;
        var (a, b) = (first.Split(" / "), second.Split(" / "));
        var same = a.Zip(b).TakeWhile(pair => pair.First == pair.Second).Count();
        return string.Join(" / ", a.Concat(b.Skip(same).Where(level => !a.Contains(level, StringComparer.Ordinal))));
    }

    /// <summary>The headings above, without the title that every chunk carries anyway.</summary>
    private static string? Path(DocumentSection section, string title)
    {
        var path = string.Join(" / ", section.Headings.Where((heading, level) => level > 0 || heading != title));
        return path.Length == 0 ? null : path;
    }
}
