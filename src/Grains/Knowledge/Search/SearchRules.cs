using Sophia.Operations;

namespace Sophia.Knowledge;

/// <summary>What a search may ask for. Pure.</summary>
internal static class SearchRules
{
    /// <summary>Values that one part of a filter may list.</summary>
    public const int MaxFilterValues = 1_000;

    /// <summary>The longest value of a filter in UTF-16 units.</summary>
    public const int MaxFilterLength = 1_024;

    /// <exception cref="RefusedException">Invalid, with everything that is wrong.</exception>
    public static void Check(SearchQuery query)
    {
        var wrong = Faults(query).ToArray();
        if (wrong.Length > 0)
            throw new RefusedException(RefusalCode.Invalid, wrong[0], wrong);
    }

    private static IEnumerable<string> Faults(SearchQuery query)
    {
        if (string.IsNullOrWhiteSpace(query.Text))
            yield return "text: say what to look for.";
        if (query.Text?.Length > SearchQuery.MaxTextLength)
            yield return $"text: at most {SearchQuery.MaxTextLength} characters, these are {query.Text.Length}.";
        if (query.Limit is < 1 or > SearchQuery.MaxLimit)
            yield return $"limit: from 1 to {SearchQuery.MaxLimit}, not {query.Limit}.";
        if (query.Filter is not { } filter)
            yield break;
        if (filter.From >= filter.Until)
            yield return "filter: \"from\" must be before \"until\".";
        if (filter.Kind is { } kind && !Enum.IsDefined(kind))
            yield return "filter.kind: turns, section or entity.";
        foreach (var (name, values) in new[] { ("streams", filter.Streams), ("keys", filter.Keys), ("fields", filter.Fields?.SelectMany(f => new[] { f.Key, f.Value }).ToList()), ("speaker", One(filter.Speaker)) })
        {
            if (values?.Count > MaxFilterValues)
                yield return $"filter.{name}: at most {MaxFilterValues} values.";
            if (values?.Any(v => v is null || v.Length > MaxFilterLength) == true)
                yield return $"filter.{name}: each value is a text of at most {MaxFilterLength} characters.";
        }
    }

    private static IReadOnlyList<string>? One(string? value) => value is null ? null : new[] { value };
}
