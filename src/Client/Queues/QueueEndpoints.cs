using System.Text.Json;
using Sophia.Resilience;

namespace Sophia.Queues;

/// <summary>Queues: work is put in, leased, renewed and ended by programs; queues are looked at, held and let go by people.</summary>
internal static class QueueEndpoints
{
    /// <summary>Why calls are made about another tenant's queues and dead letters.</summary>
    internal const string Looking = "queues of a tenant, for who looks after the installation";

    private const int MostShownCharacters = 100;

    public static void MapQueues(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/queue").WithTags("Queues");
        group.MapGet("/", View).WithSummary("Every queue with its counts, and whether it is held. The nameless one stands for all. With ?tenant= another tenant's, for operators of the system's tenant.");
        group.MapPost("/{queue}/items", Enqueue).RequireAuthorization(Roles.Operator).WithSummary("Takes work in. What is answered as accepted is on the disk; a full queue says when to come again.");
        group.MapPost("/{queue}/lease", Lease).RequireAuthorization(Roles.Operator).WithSummary("Hands out work under a lease.");
        group.MapPost("/{queue}/extend", Extend).RequireAuthorization(Roles.Operator).WithSummary("Renews leases of the queue from now on, each for as long as the `lease` of SOPHIA_QUEUE says (60 s unless said), whatever it was leased for; false for each that is not held any more.");
        group.MapPost("/{queue}/finish", Finish).RequireAuthorization(Roles.Operator).WithSummary("Says how leased work of the queue ended. The end of an older lease, or of another queue's, is answered as late and changes nothing.");
        group.MapPost("/hold", Hold).RequireAuthorization(Roles.Operator).WithSummary("Holds a queue, or all: it takes work in and gives none out. With ?tenant= another tenant's, for operators of the system's tenant. Audited; confirm repeats the queue, or is \"all\".");
        group.MapPost("/let-go", LetGo).RequireAuthorization(Roles.Operator).WithSummary("Lets a held queue, or all, go on. With ?tenant= another tenant's, for operators of the system's tenant. Audited; confirm repeats the queue, or is \"all\".");
        group.MapGet("/fairness", Fairness).RequireSystemOperator(app.ServiceProvider.GetRequiredService<EdgeOptions>().SystemTenant).WithSummary("Who has work in hand and who waits, of all tenants, and who is noisy: of the work queue, and of runs of pipelines. Only for operators of the system tenant.");
        group.MapPost("/weights/{tenant}", Weigh).RequireAuthorization(Roles.Owner).WithSummary("A tenant's share among tenants, 1 to 100. Only the owner of the system tenant may. Audited; confirm repeats the tenant.");
    }

    internal static IWorkQueueGrain Grain(TenantInView of, IGrainFactory grains) => grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(of.Tenant));

    private static IWorkQueueGrain Grain(HttpContext context, IGrainFactory grains) => grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(context.User.Caller().Tenant));

    private static string By(HttpContext context) => new TenantInView(context.User.Caller().Tenant, context.User.Caller()).By;

    private static async Task<IReadOnlyList<QueueView>> View(HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        using var _ = of.Enter(Looking);
        return await Grain(of, grains).View();
    }

    /// <summary>Of the work queue first, then of the runs that wait for their turn.</summary>
    internal static async Task<IReadOnlyList<FairnessView>> Fairness(IGrainFactory grains)
    {
        using var _ = CallerContext.ForSystem("view of fair scheduling");
        return await Task.WhenAll(((string[])[WorkLimits.OwnDispatcher, WorkLimits.RunsDispatcher]).Select(key => grains.GetGrain<IWorkDispatcherGrain>(key).View()));
    }

    private static async Task<IReadOnlyList<EnqueueAnswer>> Enqueue(string queue, NewItems body, HttpContext context, IGrainFactory grains, CancellationToken cancellation)
    {
        // A request that is repeated under its idempotency key after its answer got lost puts nothing in twice.
        var operation = context.OperationId();
        var items = Listed(body.Items, "items").Select((item, index) => new NewWork(queue, item.Kind ?? "", item.Payload?.GetRawText() ?? "null")
        {
            DedupKey = item.DedupKey ?? (operation is null ? null : $"{operation}/{index}"), OrderKey = item.OrderKey, Priority = item.Priority, Cost = item.Cost, NotBefore = item.NotBefore, Deadline = item.Deadline, MaxAttempts = item.MaxAttempts,
            Origin = item.Origin ?? context.User.Caller().Label,
        }).ToArray();
        var answers = await Grain(context, grains).Enqueue(items, cancellation);
        return answers.All(answer => answer.State == EnqueueState.Full) ? throw new RefusedException(RefusalCode.Busy, answers[0].Full?.Said(queue) ?? $"The queue \"{queue}\" is full.", retryAt: answers[0].RetryAt) : answers;
    }

    private static async Task<IReadOnlyList<LeasedItem>> Lease(string queue, LeaseAsked body, HttpContext context, IGrainFactory grains, CancellationToken cancellation)
    {
        MustBeOthers(queue);
        var leased = await Grain(context, grains).Lease(new LeaseRequest(queue, body.Worker ?? context.User.Caller().Label, body.Items, For: TimeSpan.FromSeconds(body.Seconds)), cancellation);
        return [.. leased.Items.Select(work => new LeasedItem(work.Token.Id, work.Token.Lease, work.Kind, Json(work.Payload), work.Attempt, work.MaxAttempts, work.Until, work.OnceKey))];
    }

    private static Task<IReadOnlyList<bool>> Extend(string queue, LeasesHeld body, HttpContext context, IGrainFactory grains, CancellationToken cancellation)
    {
        MustBeOthers(queue);
        return Grain(context, grains).Extend(queue, [.. Listed(body.Leases, "leases").Select(lease => new LeaseToken(lease.Id, lease.Lease))], cancellation);
    }

    private static Task<IReadOnlyList<FinishAnswer>> Finish(string queue, LeasesEnded body, HttpContext context, IGrainFactory grains, CancellationToken cancellation)
    {
        MustBeOthers(queue);
        return Grain(context, grains).Finish(queue, [.. Listed(body.Results, "results").Select(result => new WorkResult(new LeaseToken(result.Id, result.Lease),
            result.End is WorkEnd.Done or WorkEnd.Failed or WorkEnd.Rejected or WorkEnd.GivenBack or WorkEnd.Continued ? result.End.Value : throw new RefusedException(RefusalCode.Invalid, "end is done, failed, rejected, givenBack or continued."), result.Error))], cancellation);
    }

    private static async Task<IReadOnlyList<QueueView>> Hold(QueueHold body, HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        using var _ = of.Enter(Looking);
        await MustBeMeant(body, Grain(of, grains));
        await Grain(of, grains).Hold(body.Queue, Reason(body.Reason), of.By);
        return await Grain(of, grains).View();
    }

    private static async Task<IReadOnlyList<QueueView>> LetGo(QueueHold body, HttpContext context, IGrainFactory grains, NamedTenant named, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        using var _ = of.Enter(Looking);
        await MustBeMeant(body, Grain(of, grains));
        await Grain(of, grains).LetGo(body.Queue, Reason(body.Reason), of.By);
        return await Grain(of, grains).View();
    }

    private static async Task<IReadOnlyList<QueueView>> Weigh(string tenant, QueueWeight body, HttpContext context, IGrainFactory grains, CallerReplica callers, EdgeOptions options, ITenantGate gate)
    {
        TenantEndpoints.MustOwnSystem(context, options);
        var id = tenant == options.SystemTenant.Value ? options.SystemTenant : await TenantEndpoints.Living(tenant, context, options, gate);
        if (!await callers.Exists(id))
            throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");
        Confirmation.MustRepeat(body.Confirm, tenant, "repeat the tenant");
        using var _ = CallerContext.ForSystem("share of a tenant");
        await grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(id)).Weigh(body.Weight, Reason(body.Reason), By(context));
        return await grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(id)).View();
    }

    private static IReadOnlyList<T> Listed<T>(IReadOnlyList<T?>? members, string name) where T : class =>
        members is null ? [] : members.All(member => member is not null) ? [.. members.OfType<T>()] : throw new RefusedException(RefusalCode.Invalid, $"A member of {name} is null.");

    /// <param name="queue">Null: all.</param>
    internal static void MustRepeat(string? confirm, string? queue) => Confirmation.MustRepeat(confirm, queue ?? QueueHold.All, queue is null ? $"be \"{QueueHold.All}\": no queue is named" : "repeat the queue");

    internal static string Reason(string? reason) => Confirmation.Reason(reason, most: WorkLimits.MaxKey);

    private static async Task MustBeMeant(QueueHold body, IWorkQueueGrain grain)
    {
        await MustBeThere(body.Queue, grain);
        MustRepeat(body.Confirm, body.Queue);
    }

    // A misspelt name would hold nothing, and look as if it did.
    private static async Task MustBeThere(string? queue, IWorkQueueGrain grain)
    {
        if (queue is not { Length: > 0 })
            return;
        var known = (await grain.View()).Select(one => one.Queue).Where(one => one.Length > 0).Append(WorkLimits.OwnQueue).Append(WorkLimits.RunsQueue).Distinct(StringComparer.Ordinal).ToList();
        if (!known.Contains(queue, StringComparer.Ordinal))
            throw new RefusedException(RefusalCode.NotFound, $"There is no queue \"{(queue.Length <= MostShownCharacters ? queue : queue[..MostShownCharacters] + "…")}\".{NearNames.Said(queue, known)}");
    }

    // Two hands on one item would only hinder each other.
    private static void MustBeOthers(string queue)
    {
        if (WorkLimits.IsOwn(queue))
            throw new RefusedException(RefusalCode.Conflict, $"The queue \"{queue}\" is served by Sophia's own workers.");
    }

    private static JsonElement Json(string payload)
    {
        try
        {
            return JsonElement.Parse(payload);
        }
        catch (JsonException)
        {
            using var quoted = JsonDocument.Parse($"\"{JsonEncodedText.Encode(payload)}\"");
            return quoted.RootElement.Clone();
        }
    }
}
