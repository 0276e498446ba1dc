using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Operations;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>Takes a decision on many items a step further, one step for each turn of the tenant.</summary>
internal sealed class BulkHandler(IGrainFactory grains) : IWorkHandler
{
    public const string OwnKind = "decide";

    public string Kind => OwnKind;

    public static NewWork Of(BulkOrder order) => new(WorkLimits.OwnQueue, OwnKind, JsonSerializer.Serialize(new AskedDecision(order.Id, order.Once), BulkWorkJson.Default.AskedDecision))
    {
        MaxAttempts = WorkLimits.MaxAttempts,
        Origin = string.Create(CultureInfo.InvariantCulture, $"quarantine decision {order.Id}"),
    };

    public async Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation)
    {
        if (Asked(work.Payload) is not { } asked)
            return new WorkVerdict.Rejected("The payload is not of the form {\"decision\", \"once\"}.");
        try
        {
            return await grains.GetGrain<IBulkDecisionsGrain>(TenantKey.Of(tenant)).Step(asked.Decision, asked.Once) ? WorkVerdict.Continued : WorkVerdict.Done;
        }
        catch (RefusedException refused) when (refused.Code is RefusalCode.Invalid or RefusalCode.NotFound or RefusalCode.Conflict or RefusalCode.TooLarge)
        {
            return new WorkVerdict.Rejected(refused.Message);
        }
    }

    private static AskedDecision? Asked(string payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, BulkWorkJson.Default.AskedDecision) is { Decision: > 0, Once.Length: > 0 } asked ? asked : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The payload of such work; see <see cref="BulkOrderView.Id"/>.</summary>
/// <param name="Once">As <see cref="BulkOrder.Once"/>: the number of an order that was never kept is given to the next one.</param>
internal sealed record AskedDecision(long Decision, string Once);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AskedDecision))]
internal sealed partial class BulkWorkJson : JsonSerializerContext;
