namespace Sophia.Log;

/// <summary>Records as they are stored: the newest version, any earlier one, the one of a moment, and the life of each.</summary>
internal static class RecordEndpoints
{
    private const int MostCharacters = 2_000;

    public static void MapRecords(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api").WithTags("Records");
        group.MapGet("/streams", (HttpContext context, IGrainFactory grains) => Grain(context, grains).Streams()).WithSummary("All streams with their numbers of records.");
        group.MapGet("/records", (string stream, HttpContext context, IGrainFactory grains, string? after = null, int limit = 100) =>
            Grain(context, grains).Scan(Names.Stream(stream), Text(after ?? "") is { Length: > 0 } key ? key : null, Limits.Checked(limit)))
            .WithSummary("The newest versions of a stream in key order, after a key.");
        group.MapGet("/records/as-of", (string stream, HttpContext context, IGrainFactory grains, TimeProvider time, DateTimeOffset? at = null, string? after = null, int limit = 100) =>
            Grain(context, grains).Standing(Names.Stream(stream), at ?? time.GetUtcNow(), Text(after ?? "") is { Length: > 0 } key ? key : null, Limits.Checked(limit)))
            .WithSummary("Records of a stream as they stood at a moment (default: now), in key order, after a key. Goes on while there is a next; a moment before the stream's horizon is 409.");
        group.MapGet("/retention", (HttpContext context, IGrainFactory grains) => Retention(context, grains).View())
            .WithSummary("What streams keep of their versions, from which moment on they can be read as they stood, and what was removed.");
        group.MapPost("/retention/look", (HttpContext context, IGrainFactory grains) => Retention(context, grains).Look()).RequireAuthorization(Roles.Operator)
            .WithSummary("Removes now what streams need not keep, beside the schedule.");
        group.MapGet("/record", One).WithSummary("One record: the newest version, a version by number, or the one that was newest at a moment (asOf).");
        group.MapGet("/record/versions", (string stream, string key, HttpContext context, IGrainFactory grains, int limit = 100) =>
            Grain(context, grains).Versions(Names.Stream(stream), Text(key), Limits.Checked(limit))).WithSummary("Versions of a record, newest first.");
        group.MapGet("/why", (string id, HttpContext context, IGrainFactory grains) => Grain(context, grains).Why(Text(id)))
            .WithSummary("Which stage a record (stream/key), quarantined item, run or file (its path) is in, since when, and what it waits for.");
    }

    private static async Task<RecordView> One(
        string stream, string key, HttpContext context, IGrainFactory grains, long? version = null, DateTimeOffset? asOf = null)
    {
        var records = Grain(context, grains);
        var found = (version, asOf) switch
        {
            (not null, not null) => throw new RefusedException(RefusalCode.Invalid, "Give version or asOf, not both."),
            ({ } number, _) => await records.Version(Names.Stream(stream), Text(key), number),
            (_, { } moment) => await records.AsOf(Names.Stream(stream), Text(key), moment),
            _ => await records.Current(Names.Stream(stream), Text(key)),
        };
        return found ?? throw new RefusedException(RefusalCode.NotFound, "There is no such record, or it has no such version.");
    }

    private static IRetentionGrain Retention(HttpContext context, IGrainFactory grains) => grains.GetGrain<IRetentionGrain>(TenantKey.Of(context.User.Caller().Tenant));

    private static IRecordsGrain Grain(HttpContext context, IGrainFactory grains) =>
        grains.GetGrain<IRecordsGrain>(TenantKey.Of(context.User.Caller().Tenant));

    private static string Text(string text) =>
        text.Length <= MostCharacters ? text : throw new RefusedException(RefusalCode.Invalid, $"A stream, key or id has at most {MostCharacters} characters.");
}
