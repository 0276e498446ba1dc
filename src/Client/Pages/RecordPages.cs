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

    /// <summary>Questions that a page of a stream as it stood asks at most: where few records were there yet, it is short and goes on at its next.</summary>
    private const int MostLooks = 20;

    public static void MapRecordPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/records", Records);
        pages.MapGet("/record", Record);
    }

    private static async Task<IResult> Records(HttpContext context, IGrainFactory grains, string? stream = null, string? after = null, string? at = null)
    {
        var tenant = context.User.Caller().Tenant;
        var records = grains.GetGrain<IRecordsGrain>(TenantKey.Of(tenant));
        var streams = await records.Streams();
        if (PageEndpoints.Given(stream) is not { } chosen)
            return PageEndpoints.Page<StreamsPage>(new() { [nameof(StreamsPage.Tenant)] = tenant.Value, [nameof(StreamsPage.Streams)] = streams });
        var known = streams.FirstOrDefault(each => each.Stream == chosen) ?? throw new RefusedException(RefusalCode.NotFound, "There is no such stream.");
        var (moment, page) = await Stood(records, chosen, string.IsNullOrEmpty(after) ? null : after, PastMoment.Of(at));
        return PageEndpoints.Page<StreamPage>(new()
        {
            [nameof(StreamPage.Tenant)] = tenant.Value,
            [nameof(StreamPage.Stream)] = known,
            [nameof(StreamPage.After)] = string.IsNullOrEmpty(after) ? null : after,
            [nameof(StreamPage.Records)] = page.Records,
            [nameof(StreamPage.Next)] = page.Next,
            [nameof(StreamPage.Then)] = moment,
        });
    }

    /// <summary>A page of a stream as it stood or stands.</summary>
    private static async Task<(PastMoment Moment, RecordsPage Page)> Stood(IRecordsGrain records, string stream, string? after, PastMoment moment)
    {
        if (moment.At is { } at)
            try
            {
                // A page looks at so many keys, of which some were not there yet.
                var (found, next) = (new List<RecordView>(), after);
                for (var looks = 0; looks < MostLooks; looks++)
                {
                    var page = await records.Standing(stream, at, next, RecordsShown - found.Count);
                    found.AddRange(page.Records);
                    next = page.Next;
                    if (next is null || found.Count >= RecordsShown)
                        break;
                }
                return (moment, new RecordsPage(found, next));
            }
            catch (RefusedException gone) when (gone.Code == RefusalCode.Conflict)
            {
                moment = moment.Refused(gone.Message);
            }
        var newest = await records.Scan(stream, after, RecordsShown + 1);
        return (moment, new RecordsPage([.. newest.Take(RecordsShown)], newest.Count > RecordsShown ? newest[RecordsShown - 1].Key : null));
    }

    private static async Task<IResult> Record(HttpContext context, IGrainFactory grains, string stream, string key, long? version = null, string[]? span = null, string? at = null)
    {
        var tenant = context.User.Caller().Tenant;
        var records = grains.GetGrain<IRecordsGrain>(TenantKey.Of(tenant));
        var newest = await records.Current(Names.Stream(stream), key);
        var (moment, record) = version is { } number ? (PastMoment.Of(null), await records.Version(stream, key, number)) : await Stood(records, newest, stream, key, PastMoment.Of(at));
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
            [nameof(RecordPage.Then)] = moment,
        });
    }

    /// <summary>A record as it stood, or the newest version where it cannot be shown so.</summary>
    private static async Task<(PastMoment Moment, RecordView? Record)> Stood(IRecordsGrain records, RecordView? newest, string stream, string key, PastMoment moment)
    {
        if (moment.At is not { } at)
            return (moment, newest);
        try
        {
            return await records.AsOf(stream, key, at) is { } then ? (moment, then) : (moment.Refused($"This record was not there yet on {Shown.Moment(at)}. What follows is its newest version."), newest);
        }
        catch (RefusedException gone) when (gone.Code == RefusalCode.Conflict)
        {
            return (moment.Refused(gone.Message), newest);
        }
    }

    /// <summary>Reads "start:length:field"; null where it is something else.</summary>
    private static FieldSpan? Span(string text) =>
        text.Split(':', 3) is [var start, var length, var field] && int.TryParse(start, out var from) && int.TryParse(length, out var count) ? new FieldSpan(field, from, count) : null;
}
