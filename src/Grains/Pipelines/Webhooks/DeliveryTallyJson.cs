using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Pipelines;

/// <summary>How a tally of deliveries is written into the log's checkpoints; what cannot be read counts from nothing.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(DeliveryTally))]
internal sealed partial class DeliveryTallyJson : JsonSerializerContext
{
    public static string Write(DeliveryTally tally) => JsonSerializer.Serialize(tally, Default.DeliveryTally);

    public static DeliveryTally Of(string? state)
    {
        try
        {
            return state is null ? new DeliveryTally() : JsonSerializer.Deserialize(state, Default.DeliveryTally) ?? new DeliveryTally();
        }
        catch (JsonException)
        {
            return new DeliveryTally();
        }
    }
}
