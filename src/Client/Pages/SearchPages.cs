using System.Globalization;
using Sophia.Knowledge;
using Sophia.Log;

namespace Sophia.Pages;

/// <summary>What somebody searches for, as the page's address says it. Days are in UTC, both inclusive; pages count from 1.</summary>
public sealed record SearchAsk(string Text, string? Stream, ChunkKind? Kind, DateOnly? From, DateOnly? Until, int Page)
{
    public bool IsNarrowed => Stream is not null || Kind is not null || From is not null || Until is not null;

    /// <summary>The address of another page of the same search.</summary>
    public string Url(int page, bool narrowed = true) => $"/search?q={Uri.EscapeDataString(Text)}" + (narrowed
        ? Part("stream", Stream) + Part("kind", Kind?.ToString().ToLowerInvariant()) + Part("from", From?.ToString("O", CultureInfo.InvariantCulture)) + Part("until", Until?.ToString("O", CultureInfo.InvariantCulture))
        : "") + (page > 1 ? $"&page={page}" : "");

    private static string Part(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}

/// <summary>The page of searching. Its address holds the whole question, so that it can be kept and passed on.</summary>
internal static class SearchPages
{
    /// <summary>Passages on one page.</summary>
    public const int HitsShown = 20;

    /// <summary>Passages that can be leafed through: the ranking looks at so many.</summary>
    public const int MostShown = 400;

    public static void MapSearchPage(this IEndpointRouteBuilder pages) => pages.MapGet("/search", Search);

    private static async Task<IResult> Search(HttpContext context, IGrainFactory grains, IBulkheads bulkheads,
        string? q = null, string? stream = null, string? kind = null, string? from = null, string? until = null, int page = 1)
    {
        var tenant = context.User.Caller().Tenant;
        var wrong = new List<string>();
        var ask = new SearchAsk(q?.Trim() ?? "", PageEndpoints.Given(stream), Kind(kind, wrong), Day("from", from, wrong), Day("until", until, wrong), Math.Clamp(page, 1, MostShown / HitsShown));
        SearchAnswer? answer = null;
        if (ask.Text.Length > 0 && wrong.Count == 0)
            try
            {
                answer = await grains.Search(bulkheads, tenant, Query(ask), context.RequestAborted);
            }
            catch (RefusedException refused) when (refused.Code is RefusalCode.Invalid or RefusalCode.Busy or RefusalCode.Unavailable)
            {
                wrong.AddRange(refused.Errors.Count > 0 ? refused.Errors : [UnknownOutcome.OfRead(refused.Message)]);
            }
        return PageEndpoints.Page<SearchPage>(new()
        {
            [nameof(SearchPage.Tenant)] = tenant.Value,
            [nameof(SearchPage.Ask)] = ask,
            [nameof(SearchPage.Answer)] = answer,
            [nameof(SearchPage.Wrong)] = wrong,
            [nameof(SearchPage.Streams)] = await grains.GetGrain<IRecordsGrain>(TenantKey.Of(tenant)).Streams(),
        });
    }

    /// <summary>One more than is shown, which tells whether there is another page.</summary>
    private static SearchQuery Query(SearchAsk ask) => new(ask.Text, Math.Min(ask.Page * HitsShown + 1, MostShown), !ask.IsNarrowed ? null : new SearchFilter(
        Streams: ask.Stream is { } only ? [only] : null, Kind: ask.Kind, From: Start(ask.From), Until: Start(ask.Until?.AddDays(1))));

    private static DateTimeOffset? Start(DateOnly? day) => day is { } date ? new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero) : null;

    private static ChunkKind? Kind(string? text, List<string> wrong)
    {
        if (PageEndpoints.Given(text) is not { } given)
            return null;
        if (Enum.TryParse<ChunkKind>(given, ignoreCase: true, out var kind) && Enum.IsDefined(kind))
            return kind;
        wrong.Add("kind is turns, section, entity or function.");
        return null;
    }

    private static DateOnly? Day(string name, string? text, List<string> wrong)
    {
        if (PageEndpoints.Given(text) is not { } given)
            return null;
        if (DateOnly.TryParseExact(given, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue)
            return day;
        wrong.Add($"{name} is a day such as 2026-03-31.");
        return null;
    }
}
