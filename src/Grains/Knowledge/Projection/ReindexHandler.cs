using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Queues;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Tries again what a projection gave up on. Takes in the same thing however often it is done.</summary>
internal sealed class ReindexHandler(IGrainFactory grains) : IWorkHandler
{
    public const string OwnKind = "reindex";

    public string Kind => OwnKind;

    public static NewWork Of(string projection, ProjectionDeadLetter letter) =>
        new(WorkLimits.OwnQueue, OwnKind, JsonSerializer.Serialize(new Reindexed(projection, letter.Position, letter.Stream, letter.Key), ReindexJson.Default.Reindexed))
        {
            DedupKey = string.Create(CultureInfo.InvariantCulture, $"{projection}/{letter.Position}/{letter.At.UtcTicks}"),
            Origin = $"projection {projection}",
        };

    public async Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation)
    {
        Reindexed asked;
        try
        {
            asked = JsonSerializer.Deserialize(work.Payload, ReindexJson.Default.Reindexed)!;
            _ = (asked.Projection.Length, asked.Stream.Length, asked.Key.Length);
        }
        catch (Exception wrong) when (wrong is JsonException or NullReferenceException)
        {
            return new WorkVerdict.Rejected($"The payload is not of the form {{\"projection\", \"position\", \"stream\", \"key\"}}: {wrong.Message}");
        }
        if (asked.Projection is not (Projections.Index or Projections.Vectors))
            return new WorkVerdict.Rejected($"There is no projection \"{asked.Projection}\".");
        var why = await grains.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, asked.Projection)).Redo(asked.Position, asked.Stream, asked.Key, cancellation);
        return why is null ? WorkVerdict.Done : new WorkVerdict.Rejected(why);
    }
}

/// <summary>The payload of such work; see <see cref="ProjectionDeadLetter"/>.</summary>
internal sealed record Reindexed(string Projection, long Position, string Stream, string Key);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Reindexed))]
internal sealed partial class ReindexJson : JsonSerializerContext;
