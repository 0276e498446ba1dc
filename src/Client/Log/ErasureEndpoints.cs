namespace Sophia.Log;

/// <summary>Erasure of records: look first, then apply what was found; and which records may not come back.</summary>
internal static class ErasureEndpoints
{
    public static void MapErasures(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/records").WithTags("Records").RequireAuthorization(Roles.Admin);
        group.MapGet("/erasures", (HttpContext context, IGrainFactory grains) => Grain(context, grains).View())
            .WithSummary("The erasure that is planned or applied, and those that are done.");
        group.MapPost("/erasures", (ErasureSelection selection, HttpContext context, IGrainFactory grains) => Grain(context, grains).Plan(selection, By(context)))
            .WithSummary("Looks for what an erasure would take: records by stream and key (records), or all that have a value (value, with field and streams). Changes nothing; GET says what was found and the token to apply it with.");
        group.MapPost("/erasures/apply", (ApplyErasure apply, HttpContext context, IGrainFactory grains) => Grain(context, grains).Apply(Given(apply.Token), apply.Reference, By(context)))
            .WithSummary("Erases what the plan of this token found, for good; 409 where the plan is another one.");
        group.MapDelete("/erasures", Drop).WithSummary("Forgets a plan that is not being applied.");
        group.MapGet("/blocked", (HttpContext context, IGrainFactory grains, string? stream = null, string? mark = null, int limit = 100) =>
            Grain(context, grains).Blocked(stream is null || mark is null ? null : new BlockedRecord(stream, mark, "", default), Limits.Checked(limit)))
            .WithSummary("Records that were erased and may not come back, by stream and mark, after one of them.");
        group.MapPost("/allow", Allow).WithSummary("Lets erased records be stored again, by their marks or by stream and key; answers how many could not be stored before.");
    }

    private static async Task<IResult> Drop(HttpContext context, IGrainFactory grains)
    {
        await Grain(context, grains).Drop();
        return Results.NoContent();
    }

    private static async Task<AllowedRecords> Allow(AllowRecords allow, HttpContext context, IGrainFactory grains) =>
        new(await Grain(context, grains).Allow(allow.Marks ?? [], allow.Records ?? [], By(context)));

    private static string Given(string? token) => string.IsNullOrWhiteSpace(token) ? throw new RefusedException(RefusalCode.Invalid, "token: the plan's, as GET /api/records/erasures says it.") : token.Trim();

    private static string By(HttpContext context) => context.User.Caller() is var caller ? $"{caller.Label} ({caller.KeyId})" : "";

    private static IErasureGrain Grain(HttpContext context, IGrainFactory grains) => grains.GetGrain<IErasureGrain>(TenantKey.Of(context.User.Caller().Tenant));
}

/// <summary>The token of the plan; a reference of the request, such as a ticket's number, without personal data.</summary>
public sealed record ApplyErasure(string? Token, string? Reference = null);

/// <summary>Marks, or stream and key, of records that may be stored again.</summary>
public sealed record AllowRecords(IReadOnlyList<string>? Marks = null, IReadOnlyList<RecordKey>? Records = null);

/// <summary>How many of them could not be stored before.</summary>
public sealed record AllowedRecords(int Allowed);
