using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>What a run may do at the level that is in force, and what its end says of the sources' health. Pure but for whom it tells.</summary>
internal static class RunOffers
{
    /// <summary>A run's end comes after several tries at its source: it counts as that many failures.</summary>
    private const int TriesOfARun = 3;

    /// <summary>Reasons of runs that nobody asked for in person.</summary>
    private static readonly string[] ByItself = ["changed", "schedule"];

    /// <summary>Why the run waits, in one sentence; null: it goes on. A waiting run loses nothing.</summary>
    /// <param name="reason">Why the run was started.</param>
    public static string? Withheld(OfferedNow? offered, PipelineDefinition definition, string? reason) =>
        offered is null || offered.Effects.Off.Count == 0 ? null
        : (ByItself.Contains(reason, StringComparer.Ordinal) ? offered.WhyOff(Feature.RealTimeSync) : null)
            ?? (definition.Streams.Values.Any(stream => stream.Transforms.Count > 0) ? offered.WhyOff(Feature.DataTransformations) : null);

    /// <summary>What a run's end says of its pipeline's own source of a type; where it reads several types, nobody knows which one failed but by its name.</summary>
    public static void Tell(IHealth? health, TenantId tenant, string pipeline, PipelineDefinition? definition, RunEvent ended)
    {
        if (health is null || definition is null)
            return;
        var types = definition.Sources.Where(source => !WebhookKinds.IsWebhook(source.Type)).Select(source => source.Type).Distinct(StringComparer.Ordinal).ToArray();
        if (ended is RunEvent.Finish)
            foreach (var type in types)
                health.SourceWorked(tenant, pipeline, type);
        else if (ended is RunEvent.Fail { OfSource: true } failed && types is [var only])
            health.SourceFailed(tenant, pipeline, only, failed.Reason, TriesOfARun);
    }
}
