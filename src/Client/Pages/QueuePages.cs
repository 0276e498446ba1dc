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

    private static async Task<IResult> Queues(HttpContext context, IGrainFactory grains, EdgeOptions edge, string? queue = null, string? kind = null, string? cause = null, string? error = null, long? before = null)
    {
        var query = DeadLetterEndpoints.Query(queue, kind, cause, error, null, before, 50);
        var dead = DeadLetterEndpoints.Grain(context, grains);
        var page = await dead.List(query);
        var items = DeadLetterEndpoints.MayRead(context) ? await Task.WhenAll(page.Items.Select(async item => await dead.Get(item.Id, withPayload: true) ?? item)) : page.Items;
        return PageEndpoints.Page<QueuesPage>(new(await Live(context, grains, edge))
        {
            [nameof(QueuesPage.Tenant)] = context.User.Caller().Tenant.Value,
            [nameof(QueuesPage.Query)] = query,
            [nameof(QueuesPage.Page)] = page with { Items = items },
            [nameof(QueuesPage.Deeds)] = await dead.Deeds(DeedsShown),
        });
    }

    private static async Task<IResult> Fragment(HttpContext context, IGrainFactory grains, EdgeOptions edge) => PageEndpoints.Page<QueuesLive>(await Live(context, grains, edge));

    private static async Task<Dictionary<string, object?>> Live(HttpContext context, IGrainFactory grains, EdgeOptions edge) => new()
    {
        [nameof(QueuesLive.Queues)] = await QueueEndpoints.Grain(context, grains).View(),
        [nameof(QueuesLive.Replay)] = await DeadLetterEndpoints.Grain(context, grains).Replaying(),
        [nameof(QueuesLive.Fairness)] = context.User.Caller().IsSystemOperator(edge.SystemTenant) ? await QueueEndpoints.Fairness(grains) : null,
    };
}
