using Microsoft.AspNetCore.Mvc;

namespace Sophia.Pipelines;

/// <summary>Where senders deliver. Nobody signs in here: each delivery proves itself by its signature, which the pipeline's grain checks.</summary>
internal static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder app) =>
        app.MapPost("/hooks/{tenant}/{pipeline}", Deliver).AllowAnonymous().WithTags("Webhooks")
            .WithMetadata(new RequestSizeLimitAttribute(EdgeLimits.Delivery))
            .WithSummary("Takes one signed delivery. 202: stored; 200: had it already; 401: wrong signature, or no such webhook.");

    // Nothing of the tenant is taken, and nothing of it is told, before the signature is proven: a body is read by the same bounds whomever it is for.
    private static async Task<IResult> Deliver(string tenant, string pipeline, HttpContext context, IGrainFactory grains, CallerReplica callers, UnprovenBodies bodies, IBulkheads bulkheads)
    {
        using var body = await bodies.Read(context.Request);
        if (!TenantId.TryParse(tenant, out var id) || !TenantId.IsName(pipeline) || !await callers.Exists(id))
            throw Unproven();
        var headers = context.Request.Headers
            .Where(header => !header.Key.Equals("Cookie", StringComparison.OrdinalIgnoreCase) && !header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString(), StringComparer.Ordinal);
        using var _ = CallerContext.For(id);
        var (grain, delivery) = (grains.GetGrain<IPipelineGrain>(TenantKey.Of(id, pipeline)), new WebhookDelivery(headers, body.Bytes));
        return Told(await grain.Proves(delivery) ?? await Taken(grain, id, delivery, body, bulkheads, context.RequestAborted));
    }

    private static async Task<DeliveryResult> Taken(IPipelineGrain grain, TenantId tenant, WebhookDelivery delivery, UnprovenBody body, IBulkheads bulkheads, CancellationToken cancellation)
    {
        if (!bulkheads.TryHold(tenant, delivery.Body.Length))
            throw bulkheads.WhyNotHeld(tenant);
        try
        {
            body.Dispose();
            using var place = await bulkheads.Enter(tenant, BulkheadKind.Ingest, cancellation);
            return await grain.Deliver(delivery);
        }
        finally
        {
            bulkheads.GiveBack(tenant, delivery.Body.Length);
        }
    }

    private static IResult Told(DeliveryResult result)
    {
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
