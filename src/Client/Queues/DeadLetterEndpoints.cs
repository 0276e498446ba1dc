using System.Globalization;
using System.Text.Json;
using Sophia.Resilience;

namespace Sophia.Queues;

/// <summary>Work that could not be done: found, read, edited, given up, brought back, replayed step by step.</summary>
internal static class DeadLetterEndpoints
{
    private const int MostListed = 500, ExportedAtOnce = 100;

    public static void MapDeadLetters(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/dead").WithTags("Queues");
        group.MapGet("/", List).WithSummary("Dead and quarantined work newest first, by queue, kind, cause and words of the error; without payloads. With ?tenant= another tenant's, for operators of the system's tenant; so too for the rest but payloads, which stay with their tenant.");
        group.MapGet("/export", Export).RequireAuthorization(Roles.Operator).WithSummary("Dead and quarantined work with payloads, newest first, one JSON object a line; filters as for the list. Audited.");
        group.MapGet("/{id:long}", One).WithSummary("One item. Its payload is shown to operators and above.");
        group.MapPut("/{id:long}", Edit).RequireAuthorization(Roles.Operator).Accepts<object>("application/json").WithSummary("Replaces an item's payload by the body; it stays where it is. Audited with the reason; confirm repeats the item's number.");
        Map("revive", "brought back", static (dead, ids, reason, by) => dead.Revive(ids, reason, by), "Brings items back at once, with all their attempts before them.");
        Map("purge", "given up", static (dead, ids, reason, by) => dead.Purge(ids, reason, by), "Gives items up for good.");
        Map("quarantine", "held back", static (dead, ids, reason, by) => dead.Quarantine(ids, reason, by), "Holds pending or dead items back.");
        group.MapPost("/replay", Replay).RequireAuthorization(Roles.Operator).WithSummary("Brings back all that a filter takes, without a cause also what people held back by hand: a canary first, then more and more, and stops by itself where too much fails again. dryRun says what it would take. Audited with its reason; confirm repeats the queue, or is \"all\" where none is named.");
        group.MapGet("/replay", async (HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant = null) => await Of(context, grains, named, tenant, static (dead, _) => dead.Replaying()) ?? throw NoReplay()).WithSummary("The replay that goes, or the last one.");
        group.MapPost("/replay/stop", Stop).RequireAuthorization(Roles.Operator).WithSummary("Stops the replay that goes; what it brought back stays back. Audited with its reason; confirm repeats the replay's number.");

        void Map(string verb, string done, Func<IDeadLetterGrain, IReadOnlyList<long>, string, string, Task<IReadOnlyList<WorkChange>>> decide, string summary) =>
            group.MapPost($"/{verb}", (DeadIds body, HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant = null) =>
            {
                var ids = Ids(body);
                Confirmation.MustRepeat(body.Confirm, ids.Count.ToString(CultureInfo.InvariantCulture), $"say how many items are {done}");
                var reason = QueueEndpoints.Reason(body.Reason);
                return Of(context, grains, named, tenant, (dead, by) => decide(dead, ids, reason, by));
            }).RequireAuthorization(Roles.Operator).WithSummary($"{summary} Audited with the reason; confirm says how many.");
    }

    internal static IDeadLetterGrain Grain(TenantInView of, IGrainFactory grains) => grains.GetGrain<IDeadLetterGrain>(TenantKey.Of(of.Tenant));

    /// <summary>Whether the caller may read payloads: what stands in them is the tenant's own, and nobody else's.</summary>
    internal static bool MayRead(TenantInView of) => !of.IsOther && of.Caller.Role >= TenantRole.Operator;

    private static TenantInView Own(HttpContext context) => new(context.User.Caller().Tenant, context.User.Caller());

    private static async Task<T> Of<T>(HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant, Func<IDeadLetterGrain, string, Task<T>> ask)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        using var _ = of.Enter(QueueEndpoints.Looking);
        return await ask(Grain(of, grains), of.By);
    }

    /// <exception cref="RefusedException">Invalid: there is no such word.</exception>
    internal static WorkQuery Query(string? queue, string? kind, string? cause, string? error, string? state, long? before, int limit) =>
        new(Given(queue), Given(kind), Word<WorkState>(state, "state"), Word<WorkCause>(cause, "cause"), Given(error), before, Limits.Checked(limit, MostListed));

    private static Task<WorkPage> List(HttpContext context, IGrainFactory grains, NamedTenant named, string? queue = null, string? kind = null, string? cause = null, string? error = null, string? state = null, long? before = null, int limit = 50, string? tenant = null) =>
        Of(context, grains, named, tenant, (dead, _) => dead.List(Query(queue, kind, cause, error, state, before, limit)));

    // Some hundred items of up to 64 KiB at a time, so that neither side holds more.
    private static async Task Export(HttpContext context, IGrainFactory grains, IFeatures features, TimeProvider time, CancellationToken cancellation, string? queue = null, string? kind = null, string? cause = null, string? error = null, string? state = null)
    {
        features.MustOffer(context.User.Caller().Tenant, Feature.Exports, time);
        var query = Query(queue, kind, cause, error, state, null, ExportedAtOnce);
        var page = await Grain(Own(context), grains).Export(query, Own(context).By);
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.ContentDisposition = "attachment; filename=\"dead.jsonl\"";
        context.Response.Headers.CacheControl = "no-store";
        for (; ; page = await Grain(Own(context), grains).Export(query with { Before = page.Next }, Own(context).By))
        {
            foreach (var item in page.Items)
            {
                await JsonSerializer.SerializeAsync(context.Response.Body, item, EdgeJson.Default.WorkItem, cancellation);
                await context.Response.Body.WriteAsync("\n"u8.ToArray(), cancellation);
            }
            if (page.Next is null)
                return;
        }
    }

    private static async Task<WorkItem> One(long id, HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        using var _ = of.Enter(QueueEndpoints.Looking);
        return await Grain(of, grains).Get(id, MayRead(of)) ?? throw new RefusedException(RefusalCode.NotFound, "There is no such item.");
    }

    private static Task<DeadReplayView> Replay(ReplayDead body, HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant = null)
    {
        if (!body.DryRun)
        {
            QueueEndpoints.MustRepeat(body.Confirm, body.Queue);
            body = body with { Reason = QueueEndpoints.Reason(body.Reason) };
        }
        return Of(context, grains, named, tenant, (dead, by) => dead.Replay(body.ToOrder(), by));
    }

    private static Task<DeadReplayView> Stop(StopReplay body, HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant = null) => Of(context, grains, named, tenant, async (dead, by) =>
    {
        var going = await dead.Replaying() ?? throw NoReplay();
        // Where it has ended nothing is done.
        if (going.EndedAt is null)
            Confirmation.MustRepeat(body.Confirm, going.Number.ToString(CultureInfo.InvariantCulture), "repeat the replay's number");
        return await dead.StopReplay(QueueEndpoints.Reason(body.Reason), by) ?? throw NoReplay();
    });

    // The body is the payload as it is to be kept, so what is said of it stands in the address.
    private static async Task<WorkItem> Edit(long id, HttpContext context, IGrainFactory grains, string? reason = null, string? confirm = null)
    {
        Confirmation.MustRepeat(confirm, id.ToString(CultureInfo.InvariantCulture), "repeat the item's number");
        return await Grain(Own(context), grains).Edit(id, await context.Request.Utf8("The payload"), QueueEndpoints.Reason(reason), Own(context).By);
    }

    private static IReadOnlyList<long> Ids(DeadIds body) => body.Ids is { Count: >= 1 and <= WorkLimits.MaxAtOnce } ids ? ids
        : throw new RefusedException(RefusalCode.Invalid, $"ids is a list of 1 to {WorkLimits.MaxAtOnce} item numbers.");

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static TWord? Word<TWord>(string? word, string what) where TWord : struct, Enum => Given(word) is not { } given ? null
        : Enum.TryParse<TWord>(given, ignoreCase: true, out var known) && Enum.IsDefined(known) && !char.IsDigit(given[0]) ? known
        : throw new RefusedException(RefusalCode.Invalid, $"{what} is one of {string.Join(", ", Enum.GetNames<TWord>().Select(name => char.ToLowerInvariant(name[0]) + name[1..]))}.");

    private static RefusedException NoReplay() => new(RefusalCode.NotFound, "Nothing was replayed yet.");
}
