using Weaviate.Client.Models;

namespace Sophia.Knowledge;

/// <summary>A search's filter in Weaviate's terms. Whatever somebody wrote travels as a hash or as a whole word, so nothing in it is syntax.</summary>
internal static class WeaviateFilter
{
    /// <param name="editions">The editions that count of the records that the filter names; null where it names none.</param>
    /// <returns>Null where everything passes.</returns>
    public static Filter? Of(SearchFilter? filter, string[]? editions)
    {
        var parts = new List<Filter>();
        if (editions is not null)
            parts.Add(Filter.Property("edition").ContainsAny(editions));
        if (filter?.Streams is { Count: > 0 } streams)
            parts.Add(Filter.Property("marks").ContainsAny(streams.Select(PassageObject.StreamMark).ToArray()));
        string[] all = [.. filter?.Speaker is { } speaker ? [PassageObject.SpeakerMark(speaker)] : Array.Empty<string>(), .. filter?.Fields?.Select(f => PassageObject.FieldMark(f.Key, f.Value)) ?? []];
        if (all.Length > 0)
            parts.Add(Filter.Property("marks").ContainsAll(all));
        if (filter?.From is { } from)
            parts.Add(Filter.Property("at").IsGreaterThanEqual((double)from.ToUnixTimeMilliseconds()));
        if (filter?.Until is { } until)
            parts.Add(Filter.Property("at").IsLessThan((double)until.ToUnixTimeMilliseconds()));
        return All(parts);
    }

    /// <summary>Passages with at least one of these stems.</summary>
    public static Filter Words(IEnumerable<string> stems) => Filter.Property("words").ContainsAny(stems.ToArray());

    public static Filter? And(this Filter? one, Filter other) => one is null ? other : Filter.AllOf(one, other);

    private static Filter? All(List<Filter> parts) => parts.Count switch { 0 => null, 1 => parts[0], _ => Filter.AllOf([.. parts]) };
}
