using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>A passage as the answerer reads it.</summary>
/// <param name="Order">Its stems as they follow each other, without those of title, speakers and labels.</param>
/// <param name="Stems">All its stems, those of title, headings, speakers and labels included.</param>
/// <param name="Title">Those of title and headings.</param>
internal sealed record ReadPassage(Passage Passage, IReadOnlyList<string> Order, IReadOnlySet<string> Stems, IReadOnlySet<string> Title, IReadOnlyList<Sentence> Sentences)
{
    public static ReadPassage Of(Passage passage, AnswerWords words)
    {
        var title = words.Stems(passage.Title);
        List<string> order = [.. passage.Pieces.SelectMany(piece => words.Of(piece.Text)).Select(word => word.Stem)];
        var stems = words.Stems(passage.Pieces.SelectMany(piece => (string?[])[piece.Speaker, piece.Label]));
        stems.UnionWith(title);
        stems.UnionWith(order);
        return new ReadPassage(passage, order, stems, title, [.. Read(passage, words)]);
    }

    private static IEnumerable<Sentence> Read(Passage passage, AnswerWords words)
    {
        var order = 0;
        foreach (var piece in passage.Pieces)
            foreach (var span in SentenceSplitter.Split(piece.Text))
            {
                // A heading names what follows, and a field that is the title names its record: neither says anything of it.
                if (passage.Hit.Kind == ChunkKind.Section ? piece.IsHeading(span.Start) : piece.Label is not null && piece.Text == passage.Hit.Title)
                    continue;
                var said = words.Of(piece.Text.AsSpan(span.Start, span.Length));
                if (said.Count == 0)
                    continue;
                // A field speaks of its entity without naming it: "sector: retail" of another is another thing to say.
                var stems = piece.Label is null ? words.Stems(piece.Speaker) : words.Stems(piece.Label, passage.Hit.Title);
                stems.UnionWith(said.Select(w => w.Stem));
                yield return new Sentence(passage, piece, span.Start, span.Length, order++, stems, said.Count);
            }
    }
}
