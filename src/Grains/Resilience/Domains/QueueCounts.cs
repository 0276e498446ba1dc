using Sophia.Queues;

namespace Sophia.Resilience;

/// <summary>What queues had counted at the last look, so that the next one tells what came since. Queues and tenants that are there no more are forgotten.</summary>
internal sealed class QueueCounts
{
    private readonly Dictionary<string, Dictionary<string, (long Done, long GivenUp)>> counted = new(StringComparer.Ordinal);

    /// <summary>Queues that something is remembered of.</summary>
    public int Count => counted.Values.Sum(queues => queues.Count);

    /// <summary>What came to each of a tenant's queues since the last look at them; one that was not looked at before is taken for one that works.</summary>
    /// <param name="queues">All of the tenant's that are looked at; no name twice.</param>
    public IReadOnlyList<(QueueView Queue, long Done, long GivenUp)> Since(string tenant, IReadOnlyList<QueueView> queues)
    {
        var before = counted.GetValueOrDefault(tenant);
        counted[tenant] = queues.ToDictionary(queue => queue.Queue, queue => (queue.Done, queue.Dead + queue.Quarantined), StringComparer.Ordinal);
        return [.. queues.Select(queue => before is not null && before.TryGetValue(queue.Queue, out var known) ? (queue, queue.Done - known.Done, queue.Dead + queue.Quarantined - known.GivenUp) : (queue, 1, 0))];
    }

    /// <param name="tenants">All that there are.</param>
    public void Keep(IReadOnlyCollection<string> tenants)
    {
        foreach (var gone in counted.Keys.Except(tenants, StringComparer.Ordinal).ToList())
            counted.Remove(gone);
    }
}
