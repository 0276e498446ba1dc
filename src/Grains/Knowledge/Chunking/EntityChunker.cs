using System.Text.Json;

namespace Sophia.Knowledge;

/// <summary>Entities: short values as "name: value" lines that stand together, long ones as text of their own under the entity's title.</summary>
/// <remarks>An entity that is mostly a text (an abstract, a note, a mail) becomes that text with its few short values below it, so that it is found by what it says.</remarks>
internal static class EntityChunker
{
    private readonly record struct Leaf(string Path, string Text, int Words);

    public static List<Chunk> Chunks(JsonElement record, string? titleField, ChunkingOptions options)
    {
        var leaves = new List<Leaf>();
        Collect(record, "", 0, leaves, options);
        var texts = leaves.Where(l => l.Words > options.LongValueWords || l.Text.Length > options.MaxChunkLength).ToList();
        var shorts = leaves.Where(l => l.Words <= options.LongValueWords && l.Text.Length <= options.MaxChunkLength).ToList();
        return texts.Count == 0 ? Lines(shorts, [], options) : Texts(texts, shorts, titleField, options);
    }

    private static List<Chunk> Texts(List<Leaf> texts, List<Leaf> shorts, string? titleField, ChunkingOptions options)
    {
        var chunks = new List<Chunk>();
        var title = shorts.FirstOrDefault(l => l.Path == titleField);
        shorts.RemoveAll(l => l.Path == titleField);
        var aside = shorts.Sum(l => l.Words) <= options.LongValueWords && shorts.Sum(l => l.Text.Length) <= options.MaxChunkLength;
        var builder = new ChunkBuilder();
        foreach (var text in texts)
            foreach (var piece in TextSplitter.Split(text.Text, 0, text.Text.Length, options.SectionTargetWords, options.SectionMaxWords, options.MaxChunkLength))
            {
                if (chunks.Count == options.MaxChunks)
                    return chunks;
                if (chunks.Count == 0 && title.Path is not null)
                    builder.Slice(title.Path, title.Text, 0, title.Text.Length).NewLine();
                builder.Slice(text.Path, text.Text, piece.Start, piece.Length);
                if (chunks.Count == 0 && aside)
                    foreach (var leaf in shorts)
                        Line(builder.NewLine(), leaf);
                chunks.Add(builder.Take(chunks.Count, ChunkKind.Entity, texts.Count > 1 ? text.Path : null, []));
            }
        return aside ? chunks : Lines(shorts, chunks, options);
    }

    private static List<Chunk> Lines(List<Leaf> leaves, List<Chunk> chunks, ChunkingOptions options)
    {
        var builder = new ChunkBuilder();
        var words = 0;
        foreach (var leaf in leaves)
        {
            if (!builder.IsEmpty && (words + leaf.Words > options.SectionTargetWords || builder.Length + leaf.Text.Length > options.MaxChunkLength))
            {
                if (chunks.Count == options.MaxChunks)
                    return chunks;
                chunks.Add(builder.Take(chunks.Count, ChunkKind.Entity, null, []));
                words = 0;
            }
            Line(builder.NewLine(), leaf);
            words += leaf.Words;
        }
        if (!builder.IsEmpty && chunks.Count < options.MaxChunks)
            chunks.Add(builder.Take(chunks.Count, ChunkKind.Entity, null, []));
        return chunks;
    }

    private static void Line(ChunkBuilder builder, Leaf leaf) => builder.Glue(leaf.Path).Glue(": ").Slice(leaf.Path, leaf.Text, 0, leaf.Text.Length);

    private static void Collect(JsonElement value, string path, int depth, List<Leaf> leaves, ChunkingOptions options)
    {
        if (leaves.Count >= options.MaxFields || depth > options.MaxDepth)
            return;
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject())
                Collect(member.Value, FieldPath.Of(path, member.Name), depth + 1, leaves, options);
            return;
        }
        if (value.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var element in value.EnumerateArray())
                Collect(element, FieldPath.Of(path, index++), depth + 1, leaves, options);
            return;
        }
        if (FieldPath.TextOf(value) is { Length: > 0 } text && !string.IsNullOrWhiteSpace(text))
            leaves.Add(new Leaf(path, text = RecordChunker.Bounded(text, options), TextSplitter.CountWords(text)));
    }
}
