using System.Collections.Concurrent;

namespace Sophia.Security;

/// <summary>Which keys were right before, in whatever process and however long ago: they are checked also while their address has to wait for others' guesses.</summary>
/// <remarks>A tenant is asked at most once a second, and only for who would be refused. A guess passes with a chance of one in 2^64, is checked like any and counted.</remarks>
internal sealed class ProvedKeys(IGrainFactory grains, TimeProvider time) : ITenantCopies
{
    private static readonly TimeSpan AskedEvery = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<TenantId, (Task<HashSet<string>> Marks, DateTimeOffset At)> known = new();
    private readonly Lock gate = new();

    public bool HoldsRecords => false;

    public void Forget(TenantId tenant) => known.TryRemove(tenant, out _);

    /// <param name="tenant">One that exists.</param>
    /// <param name="hash">Of the key.</param>
    public async ValueTask<bool> Has(TenantId tenant, string hash)
    {
        var mark = KeyMark.Of(hash);
        if (known.TryGetValue(tenant, out var before) && before.Marks.IsCompletedSuccessfully && (await before.Marks).Contains(mark))
            return true;
        try
        {
            return (await Fresh(tenant)).Contains(mark);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return false; // Who has to wait, waits: nothing is known in his favour.
        }
    }

    private Task<HashSet<string>> Fresh(TenantId tenant)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (known.TryGetValue(tenant, out var before) && (!before.Marks.IsCompleted || now - before.At < AskedEvery))
                return before.Marks;
            if (known.Count >= EdgeLimits.CallersRemembered)
                known.Clear();
            return (known[tenant] = (Ask(tenant), now)).Marks;
        }
    }

    private async Task<HashSet<string>> Ask(TenantId tenant)
    {
        using var _ = CallerContext.ForSystem("authentication");
        return [.. await grains.GetGrain<ITenantGrain>(TenantKey.Of(tenant)).Proved()];
    }
}
