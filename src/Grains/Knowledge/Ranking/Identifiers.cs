using System.Text;

namespace Sophia.Knowledge;

// A name in code is looked for whole and by its parts: IsStaleEpoch is found by "IsStaleEpoch", by "stale epoch", and by is_stale_epoch. The index cuts words as FTS5 does, which keeps
// camelCase as one word and takes snake_case apart. So what is missing stands beside a chunk of code, in its index alone: the parts of the first, the whole of the second. Questions
// and prose are cut as ever, and rank as ever.

/// <summary>Takes names in code apart.</summary>
internal static class Identifiers
{
    /// <summary>The longest name in UTF-16 units that is taken apart.</summary>
    public const int MaxLength = 200;

    /// <summary>The text of a chunk as an index is to cut it into words: itself, and beside code what its names and those of its section are made of.</summary>
    public static string Indexed(Chunk chunk) =>
        chunk.Kind == ChunkKind.Function ? $"{chunk.Text}\n{Beside(CodeSection.Words(chunk.Section ?? ""))}\n{Beside(chunk.Text)}" : chunk.Text;

    /// <summary>What an index keeps of a code chunk's text beside the text, as words with blanks between; empty where there is nothing to add.</summary>
    public static string Beside(ReadOnlySpan<char> text)
    {
        var words = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            if (!IsPart(text[at]))
            {
                at++;
                continue;
            }
            var start = at;
            while (at < text.Length && (IsPart(text[at]) || text[at] == '_'))
                at++;
            if (at - start <= MaxLength)
                Add(text[start..at].TrimEnd('_'), words);
        }
        return words.ToString();
    }

    /// <summary>Where the part of a name ends that starts at a place.</summary>
    public static int PartEnd(ReadOnlySpan<char> name, int start)
    {
        var at = start + 1;
        while (at < name.Length && !StartsPart(name, at))
            at++;
        return at;
    }

    private static void Add(ReadOnlySpan<char> name, StringBuilder words)
    {
        var pieces = 0;
        foreach (var range in name.Split('_'))
        {
            if (name[range] is not { Length: > 0 } piece)
                continue;
            pieces++;
            if (PartEnd(piece, 0) == piece.Length)
                continue;
            for (var at = 0; at < piece.Length;)
            {
                var end = PartEnd(piece, at);
                Word(piece[at..end], words);
                at = end;
            }
        }
        if (pieces < 2)
            return;
        words.Append(words.Length > 0 ? " " : "");
        foreach (var c in name)
            if (c != '_')
                words.Append(c);
    }

    private static void Word(ReadOnlySpan<char> part, StringBuilder words) => words.Append(words.Length > 0 ? " " : "").Append(part);

    /// <summary>fooBar, HTTPServer: a capital after a small letter or digit, or before a small letter among capitals.</summary>
    private static bool StartsPart(ReadOnlySpan<char> name, int at) =>
        char.IsUpper(name[at]) && (!char.IsUpper(name[at - 1]) || (at + 1 < name.Length && char.IsLower(name[at + 1])));

    private static bool IsPart(char c) => char.IsLetterOrDigit(c);
}
