using System.Globalization;
using Sophia.Resilience;

namespace Sophia.Knowledge;

/// <summary>Search over the tenant's index, in plain words.</summary>
internal static class SearchEndpoints
{
    public static void MapSearch(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/search").WithTags("Search");
        group.MapGet("/", (string q, HttpContext context, IGrainFactory grains, IBulkheads bulkheads, string[]? stream, string? speaker, DateTimeOffset? from, DateTimeOffset? until, int limit = 10) =>
            Search(new SearchQuery(q, limit, Filter(stream, speaker, from, until)), context, grains, bulkheads))
            .WithSummary("Ranked chunks with highlights and exact citations.");
        group.MapPost("/", (SearchQuery query, HttpContext context, IGrainFactory grains, IBulkheads bulkheads) => Search(query, context, grains, bulkheads))
            .ChangesNothing().WithSummary("The same with every filter.");
    }

    /// <summary>Searches for a tenant in its turn.</summary>
    public static async Task<SearchAnswer> Search(this IGrainFactory grains, IBulkheads bulkheads, TenantId tenant, SearchQuery query, CancellationToken cancellation)
    {
        using var place = await bulkheads.Enter(tenant, BulkheadKind.Search, cancellation);
        return await grains.GetGrain<ISearchGrain>(TenantKey.Of(tenant)).Search(query, cancellation);
    }

    private static async Task<SearchAnswer> Search(SearchQuery query, HttpContext context, IGrainFactory grains, IBulkheads bulkheads)
    {
        var (tenant, time) = (context.User.Caller().Tenant, context.RequestServices.GetRequiredService<TimeProvider>());
        var began = time.GetTimestamp();
        using var place = await bulkheads.Enter(tenant, BulkheadKind.Search, context.RequestAborted);
        var inLine = time.GetElapsedTime(began);
        context.Features.Set(new OwnWait(inLine));
        var answer = await grains.GetGrain<ISearchGrain>(TenantKey.Of(tenant)).Search(query with { Text = query.Text ?? "" }, context.RequestAborted);
        context.Features.Set(new OwnWait(inLine + answer.Waited));
        if (answer.Stale is { } stale)
            context.Response.Headers.Age = Math.Max(0, (long)(time.GetUtcNow() - stale.At).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return answer;
    }

    private static SearchFilter? Filter(string[]? streams, string? speaker, DateTimeOffset? from, DateTimeOffset? until) =>
        streams is null or [] && speaker is null && from is null && until is null
            ? null
            : new SearchFilter(Streams: streams is null or [] ? null : streams, Speaker: speaker, From: from, Until: until);
}
