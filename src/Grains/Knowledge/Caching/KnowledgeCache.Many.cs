namespace Sophia.Knowledge;

internal sealed partial class KnowledgeCache
{
    /// <summary>Values that are looked up in the shared level at a time.</summary>
    private const int SharedAtATime = 64;

    /// <summary>The values of several keys of one kind, in their order: remembered, or all that are lacking loaded in one go. Null where the load gives null.</summary>
    /// <param name="load">Told the places of the keys that are lacking, none of them twice, gives their values in that order; null: nothing that belongs to these keys.</param>
    /// <remarks>A caller loads what he leads before he waits for what others do, so no two wait for each other. A load that fails is its caller's matter alone:
    /// whoever waited for one of its values loads that himself, because a failure may be another value's fault.</remarks>
    public async Task<T[]?> GetMany<T>(IReadOnlyList<CacheKey> keys, CacheFormat<T> format, Func<IReadOnlyList<int>, CancellationToken, Task<IReadOnlyList<T>?>> load, CancellationToken cancellation) where T : class
    {
        List<int> left = [.. Enumerable.Range(0, keys.Count)];
        if (keys.Count == 0 || !IsOn(keys[0].Kind))
            return await load(left, cancellation) is { } anew ? [.. anew] : null;
        var values = new T?[keys.Count];
        while (left.Count > 0)
        {
            var (own, others) = FindMany(keys, left, values);
            if (own.Count > 0 && !await LeadMany(keys, own, values, format, load, cancellation))
                return null;
            left = [];
            foreach (var (place, flight) in others)
                if ((await flight.Landed.Task.WaitAsync(cancellation)).Loaded is T value)
                    values[place] = value;
                else
                    left.Add(place);
        }
        return values!;
    }

    // The places that this caller leads, and those that somebody loads already: a key that is asked for twice in one call too.
    private (List<int> Own, List<(int Place, Flight Flight)> Others) FindMany<T>(IReadOnlyList<CacheKey> keys, IReadOnlyList<int> wanted, T?[] values) where T : class
    {
        List<int> own = [];
        List<(int, Flight)> others = [];
        foreach (var place in wanted)
            if (Find(keys[place], out var remembered, out var flight) is { } from)
            {
                values[place] = (T)remembered.Value;
                meter.Used(keys[place].Kind, from, time.GetUtcNow() - remembered.MadeAt);
            }
            else if (flight is null)
                own.Add(place);
            else
            {
                others.Add((place, flight));
                meter.Asked(keys[place].Kind, "waited");
            }
        return (own, others);
    }

    private async Task<bool> LeadMany<T>(IReadOnlyList<CacheKey> keys, List<int> own, T?[] values, CacheFormat<T> format, Func<IReadOnlyList<int>, CancellationToken, Task<IReadOnlyList<T>?>> load, CancellationToken cancellation) where T : class
    {
        try
        {
            if (shared is not null)
                foreach (var some in own.Chunk(SharedAtATime))
                    await Task.WhenAll(some.Select(async place => values[place] = await Shared(keys[place], format)));
            var lacking = own.FindAll(place => values[place] is null);
            if (lacking.Count == 0)
                return true;
            lacking.ForEach(place => meter.Asked(keys[place].Kind, "source"));
            var seen = Forgotten;
            if (await load(lacking, cancellation) is not { } loaded)
                return false;
            foreach (var (at, place) in lacking.Index())
                Keep(keys[place], format, values[place] = loaded[at], seen);
            return true;
        }
        finally
        {
            own.ForEach(place => Land(keys[place], new Outcome(values[place], null)));
        }
    }
}
