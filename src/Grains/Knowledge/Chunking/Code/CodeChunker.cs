namespace Sophia.Knowledge;

/// <summary>Source files by function: each function, with the comments above it, lies in one chunk as long as it fits into one; small neighbours of one type stand together, whole.</summary>
/// <remarks>Nothing but white space is lost between chunks. A function longer than a chunk is cut where its statements begin, and its pieces hold nothing of another's.</remarks>
internal static class CodeChunker
{
    /// <summary>The longest section (names and place) in UTF-16 units, its place not counted.</summary>
    public const int MaxSectionLength = 300;

    public static List<Chunk> Chunks(string text, string? language, string path, ChunkingOptions options)
    {
        var chunks = new List<Chunk>();
        var lines = new LineCounter(text);
        var builder = new ChunkBuilder();
        foreach (var part in Joined(Parts(text, CodeLanguages.Outline(text, language), options), text, options).Take(options.MaxChunks))
        {
            var section = CodeSection.Of(part.Units, path, lines.At(part.Piece.Start), lines.At(part.Piece.End - 1));
            chunks.Add(builder.Slice("text", text, part.Piece.Start, part.Piece.Length).Take(chunks.Count, ChunkKind.Function, section, []));
        }
        return chunks;
    }

    private sealed record Part(TextPiece Piece, IReadOnlyList<CodeUnit> Units, bool Whole);

    private static IEnumerable<Part> Parts(string text, CodeOutline outline, ChunkingOptions options)
    {
        IReadOnlyList<CodeBorder>? borders = null;
        foreach (var unit in outline.Units)
        {
            if (TextSplitter.Whole(text, unit.Start, unit.End) is not { Length: > 0 } whole)
                continue;
            if (whole.Length <= options.MaxChunkLength)
                yield return new Part(whole, [unit], true);
            else
                foreach (var piece in Cut(text, unit.Start, unit.End, borders ??= outline.Borders(options.MaxChunkLength), options))
                    yield return new Part(piece, [unit], false);
        }
    }

    private static IEnumerable<Part> Joined(IEnumerable<Part> parts, string text, ChunkingOptions options)
    {
        Part? open = null;
        foreach (var part in parts)
        {
            if (open is not null && Fits(open, part, options))
            {
                open = new Part(TextSplitter.Whole(text, open.Piece.Start, part.Piece.End), [.. open.Units, .. part.Units], true);
                continue;
            }
            if (open is not null)
                yield return open;
            open = part;
        }
        if (open is not null)
            yield return open;
    }

    private static bool Fits(Part a, Part b, ChunkingOptions options) =>
        a.Whole && b.Whole && Math.Min(a.Piece.Words, b.Piece.Words) < options.SectionMinWords && a.Piece.Words + b.Piece.Words <= options.SectionTargetWords
        && b.Piece.End - a.Piece.Start <= options.MaxChunkLength && CodeSection.AreRelated(a.Units[^1].Scope, b.Units[0].Scope);

    /// <summary>Cuts a stretch at the shallowest borders within it and packs what lies between; goes deeper only where a part is still too long.</summary>
    private static IEnumerable<TextPiece> Cut(string text, int start, int end, IReadOnlyList<CodeBorder> borders, ChunkingOptions options)
    {
        var open = new Stack<(int Start, int End)>([(start, end)]);
        while (open.TryPop(out var stretch))
        {
            if (TextSplitter.Whole(text, stretch.Start, stretch.End) is not { Length: > 0 } whole)
                continue;
            if (whole.Length <= options.MaxChunkLength)
            {
                yield return whole;
                continue;
            }
            var places = Shallowest(borders, stretch.Start, stretch.End);
            if (places.Count == 0)
                foreach (var piece in TextSplitter.Split(text, stretch.Start, stretch.End, options.SectionTargetWords, options.SectionMaxWords, options.MaxChunkLength))
                    yield return piece;
            else
                foreach (var packed in Packed(stretch.Start, stretch.End, places, options.MaxChunkLength).Reverse())
                    open.Push(packed);
        }
    }

    private static List<int> Shallowest(IReadOnlyList<CodeBorder> borders, int start, int end)
    {
        var (places, depth) = (new List<int>(), int.MaxValue);
        for (var i = FirstAfter(borders, start); i < borders.Count && borders[i].At < end; i++)
        {
            if (borders[i].Depth < depth)
            {
                depth = borders[i].Depth;
                places.Clear();
            }
            if (borders[i].Depth == depth)
                places.Add(borders[i].At);
        }
        return places;
    }

    private static int FirstAfter(IReadOnlyList<CodeBorder> borders, int place)
    {
        var (low, high) = (0, borders.Count);
        while (low < high)
            if (borders[(low + high) / 2].At <= place)
                low = (low + high) / 2 + 1;
            else
                high = (low + high) / 2;
        return low;
    }

    private static IEnumerable<(int Start, int End)> Packed(int start, int end, List<int> places, int maxLength)
    {
        var (from, last) = (start, start);
        foreach (var place in places.Append(end))
        {
            if (place - from > maxLength && last > from)
            {
                yield return (from, last);
                from = last;
            }
            last = place;
        }
        yield return (from, end);
    }

    /// <summary>Line numbers from 1, asked for in rising order of place.</summary>
    private sealed class LineCounter(string text)
    {
        private int at;
        private int line = 1;

        public int At(int place)
        {
            if (place > at)
            {
                line += text.AsSpan(at, place - at).Count('\n');
                at = place;
            }
            return line;
        }
    }
}
