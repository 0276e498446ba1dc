using Sophia.Pipelines;

namespace Sophia.Log;

/// <summary>What is kept of which stream. Pure.</summary>
internal static class RetentionRules
{
    /// <summary>The retention of each stream that has one: where several pipelines state one, the longest of each limit; what one of them leaves open stays open.</summary>
    /// <param name="streams">Streams of records that are there.</param>
    public static IReadOnlyDictionary<string, RetentionDefinition> Of(IEnumerable<string> streams, IReadOnlyList<PipelineDefinition> definitions)
    {
        var found = new SortedDictionary<string, RetentionDefinition>(StringComparer.Ordinal);
        foreach (var stream in streams)
            foreach (var definition in definitions)
                if (Writes(definition, stream) && definition.StreamOf(stream)?.Retention is { } stated)
                    found[stream] = found.TryGetValue(stream, out var known) ? Longest(known, stated) : stated;
        return found;
    }

    /// <summary>The state after a page of a stream.</summary>
    public static RetentionState After(RetentionState state, string stream, string? key, long versions, long expired, DateTimeOffset? lookedAt)
    {
        var known = state.Streams.FirstOrDefault(one => one.Stream == stream) ?? new RetainedStream(stream, 0, 0, null);
        var now = known with { Versions = known.Versions + versions, Expired = known.Expired + expired, LookedAt = lookedAt ?? known.LookedAt };
        return state with { Stream = stream, AfterKey = key, Streams = [.. state.Streams.Where(one => one.Stream != stream), now] };
    }

    // "*" speaks of a pipeline's own streams, not of everybody's.
    private static bool Writes(PipelineDefinition definition, string stream) =>
        stream == definition.Name || stream.StartsWith(definition.Name + "/", StringComparison.Ordinal) || definition.Streams.ContainsKey(stream);

    private static RetentionDefinition Longest(RetentionDefinition one, RetentionDefinition other) =>
        new(Most(one.Days, other.Days), Most(one.Versions, other.Versions), one.Expire && other.Expire);

    private static int? Most(int? one, int? other) => one is null ? other : other is null ? one : Math.Max(one.Value, other.Value);
}
