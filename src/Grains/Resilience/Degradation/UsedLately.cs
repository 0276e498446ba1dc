namespace Sophia.Resilience;

/// <summary>What this process used lately, and how often in a row each failed. Under the lock of whoever has it.</summary>
/// <param name="most">Kept at a time; what is beyond is not seen.</param>
internal sealed class UsedLately<TKey>(int most, IComparer<TKey> order, DegradationOptions options, TimeProvider time) where TKey : notnull
{
    private readonly SortedDictionary<TKey, (int InARow, string? Because, long At)> known = new(order);

    /// <summary>In their order, with why each fails; null: it works.</summary>
    public IEnumerable<(TKey Of, string? Because)> Reasons
    {
        get
        {
            Forget(of => IsOld(known[of].At));
            return known.Select(one => (one.Key, one.Value.InARow >= options.FailuresInARow ? one.Value.Because : null));
        }
    }

    public void Worked(TKey of)
    {
        if (known.ContainsKey(of) || known.Count < most)
            known[of] = (0, null, time.GetTimestamp());
    }

    /// <summary>Whether it fails from now on, and did not before.</summary>
    public bool Failed(TKey of, string because, int times)
    {
        if (!known.TryGetValue(of, out var seen) && known.Count >= most)
            return false;
        var before = IsOld(seen.At) ? 0 : seen.InARow;
        known[of] = (before + times, because, time.GetTimestamp());
        return before < options.FailuresInARow && before + times >= options.FailuresInARow;
    }

    public void Forget(Func<TKey, bool> isTo)
    {
        foreach (var gone in known.Keys.Where(isTo).ToList())
            known.Remove(gone);
    }

    private bool IsOld(long at) => time.GetElapsedTime(at) > options.EvidenceFor;
}
