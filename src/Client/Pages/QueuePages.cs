using Sophia.Queues;

namespace Sophia.Pages;

/// <summary>The page of queues and dead letters, and the part of it that is rendered again.</summary>
internal static class QueuePages
{
    private const int DeedsShown = 20;

    public static void MapQueuePages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/queues", Queues);
        pages.MapGet("/pages/queues", Fragment);
    }

    private static async Task<IResult> Queues(HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named, string? queue = null, string? kind = null, string? cause = null, string? error = null, long? before = null, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        using var _ = of.Enter(QueueEndpoints.Looking);
        var query = DeadLetterEndpoints.Query(queue, kind, cause, error, null, before, 50);
        var dead = DeadLetterEndpoints.Grain(of, grains);
        var page = await dead.List(query);
        var items = DeadLetterEndpoints.MayRead(of) ? await Task.WhenAll(page.Items.Select(async item => await dead.Get(item.Id, withPayload: true) ?? item)) : page.Items;
        return PageEndpoints.Page<QueuesPage>(new(await Live(of, grains, edge))
        {
            [nameof(QueuesPage.Tenant)] = of.Caller.Tenant.Value,
            [nameof(QueuesPage.Of)] = of.Other,
            [nameof(QueuesPage.Query)] = query,
            [nameof(QueuesPage.Page)] = page with { Items = items },
            [nameof(QueuesPage.Deeds)] = await dead.Deeds(DeedsShown),
        });
    }

    private static async Task<IResult> Fragment(HttpContext context, IGrainFactory grains, EdgeOptions edge, NamedTenant named, string? tenant = null)
    {
        var of = await named.Of(context.User.Caller(), tenant);
        using var _ = of.Enter(QueueEndpoints.Looking);
        return PageEndpoints.Page<QueuesLive>(await Live(of, grains, edge));
    }

    private static async Task<Dictionary<string, object?>> Live(TenantInView of, IGrainFactory grains, EdgeOptions edge) => new()
    {
        [nameof(QueuesLive.Queues)] = await QueueEndpoints.Grain(of, grains).View(),
        [nameof(QueuesLive.Replay)] = await DeadLetterEndpoints.Grain(of, grains).Replaying(),
        [nameof(QueuesLive.Fairness)] = of.Caller.IsSystemOperator(edge.SystemTenant) ? await QueueEndpoints.Fairness(grains) : null,
    };
}
