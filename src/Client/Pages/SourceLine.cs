using Sophia.Chat;
using Sophia.Knowledge;

namespace Sophia.Pages;

/// <summary>A record that an answer rests on, once, however many of its words are cited: its marks in order, and where all of them lie.</summary>
internal sealed record SourceLine(string Title, Citation Citation, IReadOnlyList<ChatSource> Marks)
{
    public static IEnumerable<SourceLine> Of(IEnumerable<ChatSource> sources) =>
        from source in sources
        group source by (source.Title, source.Citation.Stream, source.Citation.Key, source.Citation.Version) into record
        let first = record.First().Citation
        select new SourceLine(record.Key.Title, first with { Spans = [.. record.SelectMany(s => s.Citation.Spans).Distinct()] }, [.. record]);
}
