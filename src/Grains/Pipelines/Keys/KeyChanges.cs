using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>What a definition's stated keys do to records that files brought under others (docs/adr/0034): said when it is stated, before anything is read.</summary>
internal static class KeyChanges
{
    /// <summary>Kept keys of one stream that are looked at.</summary>
    private const int LookedAt = 100;

    public static async Task<IReadOnlyList<string>> Of(ILogStore log, TenantId tenant, PipelineDefinition definition, CancellationToken cancellation)
    {
        var said = new List<string>();
        foreach (var (name, stated) in definition.Streams.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            foreach (var stream in stated.Key.Count == 0 ? [] : new[] { name, $"{definition.Name}/{name}" })
            {
                var others = (await log.Checkpoints(tenant, FileKeys.Place(stream), null, LookedAt, cancellation)).Where(kept => !FileKey.Of(kept.State, kept.Partition).Fields.SequenceEqual(stated.Key, StringComparer.Ordinal)).ToList();
                if (others.Count > 0)
                    said.Add($"Stream {stream}: records of {others[0].Partition}{(others.Count == 1 ? "" : $" and {others.Count - 1} more files")} are called by {Named(FileKey.Of(others[0].State, others[0].Partition))}. "
                        + $"With key: {string.Join(", ", stated.Key)} the next run stores them under new keys and deletes them under the old ones. Erased ones stay away as long as they say the same.");
            }
        return said;
    }

    private static string Named(FileKey key) => key.IsByPlace ? "their place in it" : string.Join(", ", key.Fields);
}
