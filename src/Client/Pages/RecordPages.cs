using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Pipelines;

namespace Sophia.Pages;

/// <summary>The pages of records: all streams, the records of one, and one record with its versions and where it went.</summary>
internal static class RecordPages
{
    /// <summary>Records on one page of a stream.</summary>
    public const int RecordsShown = 50;

    /// <summary>Versions that a record's page compares, newest first.</summary>
    public const int VersionsShown = 30;

    public static void MapRecordPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/records", Records);
        pages.MapGet("/record", Record);
    }

    private static async Task<IResult> Records(HttpContext context, IGrainFactory grains, string? stream = null, string? after = null)
    {
        var tenant = context.User.Caller().Tenant;
        var records = grains.GetGrain<IRecordsGrain>(TenantKey.Of(tenant));
        var streams = await records.Streams();
        if (PageEndpoints.Given(stream) is not { } chosen)
            return PageEndpoints.Page<StreamsPage>(new() { [nameof(StreamsPage.Tenant)] = tenant.Value, [nameof(StreamsPage.Streams)] = streams });
        var known = streams.FirstOrDefault(each => each.Stream == chosen) ?? throw new RefusedException(RefusalCode.NotFound, "There is no such stream.");
        var found = await records.Scan(chosen, string.IsNullOrEmpty(after) ? null : after, RecordsShown + 1);
        return PageEndpoints.Page<StreamPage>(new()
        {
            [nameof(StreamPage.Tenant)] = tenant.Value,
            [nameof(StreamPage.Stream)] = known,
            [nameof(StreamPage.After)] = string.IsNullOrEmpty(after) ? null : after,
            [nameof(StreamPage.Records)] = found.Take(RecordsShown).ToArray(),
            [nameof(StreamPage.HasMore)] = found.Count > RecordsShown,
        });
    }

    private static async Task<IResult> Record(HttpContext context, IGrainFactory grains, string stream, string key, long? version = null, string[]? span = null)
    {
        var tenant = context.User.Caller().Tenant;
        var records = grains.GetGrain<IRecordsGrain>(TenantKey.Of(tenant));
        var newest = await records.Current(stream, key);
        var record = version is { } number ? await records.Version(stream, key, number) : newest;
        if (record is null || newest is null)
            throw new RefusedException(RefusalCode.NotFound, "There is no such record.");
        var (heading, lines) = RecordLines.Of(record.PayloadJson, key, [.. (span ?? []).Select(Span).OfType<FieldSpan>()]);
        var pipelines = await grains.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(tenant)).Names();
        return PageEndpoints.Page<RecordPage>(new()
        {
            [nameof(RecordPage.Tenant)] = tenant.Value,
            [nameof(RecordPage.Record)] = record,
            [nameof(RecordPage.Newest)] = newest.Version,
            [nameof(RecordPage.Heading)] = heading,
            [nameof(RecordPage.Lines)] = lines,
            [nameof(RecordPage.Changes)] = RecordDifference.Of(await records.Versions(stream, key, VersionsShown + 1), VersionsShown),
            [nameof(RecordPage.Life)] = await records.Why($"{stream}/{key}"),
            [nameof(RecordPage.Pipeline)] = pipelines.FirstOrDefault(name => stream.StartsWith($"{name}/", StringComparison.Ordinal)),
        });
    }

    /// <summary>Reads "start:length:field"; null where it is something else.</summary>
    private static FieldSpan? Span(string text) =>
        text.Split(':', 3) is [var start, var length, var field] && int.TryParse(start, out var from) && int.TryParse(length, out var count) ? new FieldSpan(field, from, count) : null;
}
