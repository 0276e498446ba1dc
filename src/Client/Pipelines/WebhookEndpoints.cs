using Microsoft.AspNetCore.Mvc;

namespace Sophia.Pipelines;

/// <summary>Where senders deliver. Nobody signs in here: each delivery proves itself by its signature, which the pipeline's grain checks.</summary>
internal static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder app) =>
        app.MapPost("/hooks/{tenant}/{pipeline}", Deliver).AllowAnonymous().WithTags("Webhooks")
            .WithMetadata(new RequestSizeLimitAttribute(EdgeLimits.Delivery))
            .WithSummary("Takes one signed delivery. 202: stored; 200: had it already; 401: wrong signature, or no such webhook.");

    private static async Task<IResult> Deliver(string tenant, string pipeline, HttpContext context, IGrainFactory grains, CallerReplica callers, UnprovenBodies bodies, IBulkheads bulkheads)
    {
        if (!TenantId.TryParse(tenant, out var id) || !TenantId.IsName(pipeline) || !await callers.Exists(id))
            throw Unproven();
        var headers = context.Request.Headers
            .Where(header => !header.Key.Equals("Cookie", StringComparison.OrdinalIgnoreCase) && !header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString(), StringComparer.Ordinal);
        using var _ = CallerContext.For(id);
        using var place = await bulkheads.Enter(id, BulkheadKind.Ingest, context.RequestAborted);
        var result = await bodies.With(id, context.Request, body => grains.GetGrain<IPipelineGrain>(TenantKey.Of(id, pipeline)).Deliver(new WebhookDelivery(headers, body)));
        return result.Outcome switch
        {
            DeliveryOutcome.Stored or DeliveryOutcome.Quarantined => Answer(result, StatusCodes.Status202Accepted),
            DeliveryOutcome.Duplicate => Answer(result, StatusCodes.Status200OK),
            DeliveryOutcome.Invalid => throw new RefusedException(RefusalCode.Invalid, result.Detail),
            _ => throw Unproven(),
        };
    }

    private static IResult Answer(DeliveryResult result, int status) => Results.Json(result, EdgeJson.Readable.DeliveryResult, statusCode: status);

    // One answer for an unknown tenant, an unknown pipeline, one without a webhook and a wrong signature: a stranger learns nothing from it.
    private static RefusedException Unproven() => new(RefusalCode.Unauthenticated, "There is no such webhook, or the signature is missing or does not fit the body.");
}
