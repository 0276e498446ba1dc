namespace Sophia.Quality;

/// <summary>What a stream's records look like, what the rules find, and which rules they suggest.</summary>
internal static class QualityEndpoints
{
    private const int MostListed = 1_000;
    private const int MostDecided = 200;

    public static void MapQuality(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/streams/{stream}").WithTags("Quality");
        group.MapGet("/profile", (string stream, HttpContext context, IGrainFactory grains) => Grain(context, grains).Profile(Name(stream)))
            .WithSummary("What the records look like: by field missing values, distinct ones, bounds, types, patterns, drift. A slash in a stream's name is written %2F.");
        group.MapGet("/findings", (string stream, HttpContext context, IGrainFactory grains, string? rule = null, string? field = null, int from = 0, int limit = 100) =>
            Grain(context, grains).Findings(new FindingsQuery(Name(stream), rule, field, from, Limits.Checked(limit, MostListed))))
            .WithSummary("What the rules find over all records: scores with their formulas, counts by rule, and cells with reasons.");
        group.MapGet("/suggestions", (string stream, HttpContext context, IGrainFactory grains) => Grain(context, grains).Suggestions(Name(stream)))
            .WithSummary("Rules that the records speak for, with the evidence for and against.");
        group.MapGet("/report", Report).WithSummary("The same for the owner of the data, to read: format is md (the default) or html.").Produces<string>(contentType: "text/markdown", additionalContentTypes: "text/html");
        group.MapPost("/suggestions/accept", (string stream, SuggestionAccept body, HttpContext context, IGrainFactory grains) =>
            Grain(context, grains).Accept(Name(stream), Checked(body.Ids), body.Pipeline ?? "", body.Level ?? "warning", By(context)))
            .RequireAuthorization(Roles.Admin).WithSummary("Makes suggestions part of a pipeline's definition, which gets a new version.");
        group.MapPost("/suggestions/dismiss", (string stream, SuggestionDismiss body, HttpContext context, IGrainFactory grains) =>
            Grain(context, grains).Dismiss(Name(stream), Checked(body.Ids), body.Reason ?? "", By(context)))
            .RequireAuthorization(Roles.Operator).WithSummary("Suggests these no more.");
    }

    private static async Task<IResult> Report(string stream, HttpContext context, IGrainFactory grains, string? format = null)
    {
        if (format is not (null or "" or "md" or "html"))
            throw new RefusedException(RefusalCode.Invalid, "format is md or html.");
        var markdown = await QualityReport.Of(Grain(context, grains), Name(stream));
        return format == "html" ? Results.Content(QualityReport.Html(Name(stream), markdown), "text/html; charset=utf-8") : Results.Content(markdown, "text/markdown; charset=utf-8");
    }

    private static IQualityGrain Grain(HttpContext context, IGrainFactory grains) => grains.GetGrain<IQualityGrain>(TenantKey.Of(context.User.Caller().Tenant));

    private static string By(HttpContext context) => context.User.Caller() is var caller ? $"{caller.Label} ({caller.KeyId})" : "";

    /// <summary>The one sign that stays encoded within a path is the slash.</summary>
    private static string Name(string stream) => stream.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static IReadOnlyList<string> Checked(IReadOnlyList<string>? ids) => ids is { Count: >= 1 and <= MostDecided }
        ? ids : throw new RefusedException(RefusalCode.Invalid, $"ids is a list of 1 to {MostDecided} suggestions.");
}

/// <param name="Level">"warning" (the default) or "error".</param>
public sealed record SuggestionAccept(IReadOnlyList<string>? Ids, string? Pipeline, string? Level);

public sealed record SuggestionDismiss(IReadOnlyList<string>? Ids, string? Reason);
