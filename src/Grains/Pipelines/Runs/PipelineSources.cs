using System.Globalization;

namespace Sophia.Pipelines;

/// <summary>What a pipeline's sources are, seen from outside.</summary>
internal static class PipelineSources
{
    /// <summary>How often a watched source is looked at unless it says otherwise.</summary>
    public static readonly TimeSpan DefaultWatchEvery = TimeSpan.FromSeconds(2);

    public static bool IsWatched(SourceDefinition source) => source["watch"] is "true" or "True" or "yes" or "on";

    public static bool IsRead(PipelineDefinition definition) => definition.Sources.Any(source => !WebhookKinds.IsWebhook(source.Type));

    /// <summary>The shortest interval that a watched source asks for, or null where none is watched.</summary>
    public static TimeSpan? WatchEvery(PipelineDefinition definition)
    {
        TimeSpan? shortest = null;
        foreach (var source in definition.Sources)
            if (IsWatched(source))
            {
                var every = Durations.TryParse(source["watchEvery"], out var stated) ? stated : DefaultWatchEvery;
                shortest = shortest is { } known && known < every ? known : every;
            }
        return shortest;
    }

    public static SourceDefinition? Webhook(PipelineDefinition definition) => definition.Sources.FirstOrDefault(source => WebhookKinds.IsWebhook(source.Type));

    /// <summary>Where deliveries of a tenant's pipeline are posted to.</summary>
    public static string WebhookPath(string tenant, string pipeline) => string.Create(CultureInfo.InvariantCulture, $"/hooks/{tenant}/{pipeline}");

    /// <param name="trouble">Why deliveries cannot be taken now; null: they can.</param>
    public static IReadOnlyList<SourceView> Views(string tenant, PipelineDefinition definition, IEnumerable<ISourceKind> kinds, string? trouble) =>
        definition.Sources.Select(source => WebhookKinds.IsWebhook(source.Type)
            ? new SourceView(source.Type, source.Type == WebhookKinds.GitHub ? "GitHub's signed deliveries" : "signed deliveries", false, WebhookPath(tenant, definition.Name)) { Trouble = trouble }
            : new SourceView(source.Type, source["path"] ?? source["image"] ?? ReadingPlan.NameOf(source), IsWatched(source), null)
            {
                Breaker = kinds.FirstOrDefault(kind => kind.Type == source.Type)?.Dependency(new SourceContext(tenant, definition.Name, source)),
            }).ToArray();
}
