using System.Globalization;
using System.Text.Json;

namespace Sophia.Quality;

/// <summary>What the gate held back: listed with reasons, released, edited, discarded.</summary>
internal static class QuarantineEndpoints
{
    private const int MostListed = 500;
    private const int MostDecidedAtOnce = 1_000;

    public static void MapQuarantine(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/quarantine").WithTags("Quarantine");
        group.MapGet("/", List).WithSummary("Items newest first, the number held, and how many each rule holds.");
        group.MapGet("/{id:long}", async (long id, HttpContext context, IGrainFactory grains) =>
            await Grain(context, grains).Get(id) ?? throw NoSuchItem()).WithSummary("One item.");
        group.MapPost("/release", (QuarantineIds body, HttpContext context, IGrainFactory grains) =>
            Grain(context, grains).Release(Checked(body.Ids), By(context)))
            .RequireAuthorization(Roles.Operator).WithSummary("Stores items as they are; never over a newer version.");
        group.MapPut("/{id:long}", Edit).RequireAuthorization(Roles.Operator).Accepts<object>("application/json")
            .WithSummary("Replaces an item's payload and judges it again.");
        group.MapPost("/discard", (QuarantineDiscard body, HttpContext context, IGrainFactory grains) =>
            Grain(context, grains).Discard(Checked(body.Ids), body.Reason ?? "", By(context)))
            .RequireAuthorization(Roles.Operator).WithSummary("Gives items up, with a reason.");
        group.MapPost("/bulk", Many).RequireAuthorization(Roles.Operator)
            .WithSummary("Releases, edits or discards a page of the held items that a filter takes; dryRun shows what would happen.");
        group.MapPost("/decisions", Begin).RequireAuthorization(Roles.Operator).Produces<BulkOrderView>(StatusCodes.Status202Accepted)
            .WithSummary("Releases, edits or discards every held item that a filter takes now. 202: it is kept, and goes on to its end whoever goes away.");
        group.MapGet("/decisions", (HttpContext context, IGrainFactory grains) => Decisions(context, grains).List()).WithSummary("Decisions on many items, newest first: all that go, and the last that ended.");
        group.MapGet("/decisions/{id:long}", async (long id, HttpContext context, IGrainFactory grains) => await Decisions(context, grains).Get(id) ?? throw NoSuchDecision())
            .WithSummary("A decision on many items, and how far it is.");
        group.MapPost("/decisions/{id:long}/stop", async (long id, HttpContext context, IGrainFactory grains) => await Decisions(context, grains).Stop(id, By(context)) ?? throw NoSuchDecision())
            .RequireAuthorization(Roles.Operator).WithSummary("Ends a decision on many items; what it decided stays.");
    }

    private static Task<BulkOutcome> Many(QuarantineBulk body, HttpContext context, IGrainFactory grains) => Grain(context, grains).Many(new BulkDecision(
        body.Kind ?? throw new RefusedException(RefusalCode.Invalid, "kind is release, edit or discard."), Names.Checked("pipeline", body.Pipeline), Names.Checked("stream", body.Stream), body.Rule, body.Field, body.Reason,
        body.Value?.GetRawText(), Replacements(body.Replace),
        body.DryRun, body.Before, Limits.Checked(body.Limit, BulkDecision.MaxItems)), By(context));

    private static async Task<IResult> Begin(QuarantineDecide body, HttpContext context, IGrainFactory grains)
    {
        var order = await Decisions(context, grains).Begin(new BulkDecision(
            body.Kind ?? throw new RefusedException(RefusalCode.Invalid, "kind is release, edit or discard."), Names.Checked("pipeline", body.Pipeline), Names.Checked("stream", body.Stream), body.Rule, body.Field, body.Reason,
            body.Value?.GetRawText(), Replacements(body.Replace)), By(context));
        context.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"/api/quarantine/decisions/{order.Id}");
        return Results.Json(order, EdgeJson.Readable.BulkOrderView, statusCode: StatusCodes.Status202Accepted);
    }

    private static IReadOnlyList<ValueReplacement> Replacements(IReadOnlyDictionary<string, JsonElement>? replace) => [.. (replace ?? new Dictionary<string, JsonElement>()).Select(pair => new ValueReplacement(pair.Key, pair.Value.GetRawText()))];

    private static Task<QuarantinePage> List(HttpContext context, IGrainFactory grains,
        string? pipeline = null, string? stream = null, string? run = null, string? state = "held", long? before = null, int limit = 50) =>
        Grain(context, grains).List(new QuarantineQuery(Names.Checked("pipeline", pipeline), Names.Checked("stream", stream), Names.Checked("run", run), State(state), before, Limits.Checked(limit, MostListed)));

    private static async Task<QuarantineOutcome> Edit(long id, HttpContext context, IGrainFactory grains)
    {
        var payload = await context.Request.Utf8("The record");
        return await Grain(context, grains).Edit(id, payload, By(context));
    }

    private static IQuarantineGrain Grain(HttpContext context, IGrainFactory grains) =>
        grains.GetGrain<IQuarantineGrain>(TenantKey.Of(context.User.Caller().Tenant));

    private static string By(HttpContext context) => context.User.Caller() is var caller ? $"{caller.Label} ({caller.KeyId})" : "";

    private static IReadOnlyList<long> Checked(IReadOnlyList<long>? ids) => ids is { Count: >= 1 and <= MostDecidedAtOnce }
        ? ids
        : throw new RefusedException(RefusalCode.Invalid, $"ids is a list of 1 to {MostDecidedAtOnce} item numbers.");

    internal static QuarantineState? State(string? word) => word?.ToLowerInvariant() switch
    {
        null or "" or "held" => QuarantineState.Held,
        "released" => QuarantineState.Released,
        "discarded" => QuarantineState.Discarded,
        "all" => null,
        _ => throw new RefusedException(RefusalCode.Invalid, "state is held, released, discarded or all."),
    };

    internal static IBulkDecisionsGrain Decisions(HttpContext context, IGrainFactory grains) => grains.GetGrain<IBulkDecisionsGrain>(TenantKey.Of(context.User.Caller().Tenant));

    private static RefusedException NoSuchDecision() => new(RefusalCode.NotFound, "There is no such decision, or it ended long ago.");

    private static RefusedException NoSuchItem() => new(RefusalCode.NotFound, "There is no such item.");
}

public sealed record QuarantineIds(IReadOnlyList<long>? Ids);

/// <summary>Kind is release, edit or discard. An edit sets field to value, or by replace (old text to new value); next of an answer goes into before.</summary>
public sealed record QuarantineBulk(
    BulkKind? Kind, string? Pipeline, string? Stream, string? Rule, string? Field, string? Reason, JsonElement? Value, IReadOnlyDictionary<string, JsonElement>? Replace,
    bool DryRun = false, long? Before = null, int Limit = 200);

/// <summary>A decision on every held item of a pipeline, stream or rule: kind is release, edit or discard. An edit sets field to value, or by replace (old text to new value); a discard has a reason.</summary>
public sealed record QuarantineDecide(
    BulkKind? Kind, string? Pipeline, string? Stream, string? Rule, string? Field, string? Reason, JsonElement? Value, IReadOnlyDictionary<string, JsonElement>? Replace);

public sealed record QuarantineDiscard(IReadOnlyList<long>? Ids, string? Reason);
