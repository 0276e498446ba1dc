using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Tenants;

/// <summary>The steps of a deletion: each takes a state to the next, may be interrupted anywhere, and is then done again.</summary>
internal sealed class TenantEraser(TenantId tenant, IReadOnlyList<ITenantMemory> memories, TenantActivations activations, IGrainFactory grains, ITenantGate gate, ILogStore log, TimeProvider time)
{
    /// <summary>Looks for grains that are still running, before the step gives up for now.</summary>
    private const int MaxLooks = 60;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private ITenantDirectoryGrain Directory => grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System);

    public async Task<TenantEndState> Step(TenantEndState state, CancellationToken cancellation)
    {
        switch (state.Phase)
        {
            case TenantEndPhase.Scheduled when state.Counts.Count == 0:
                return state with { Counts = await Remembered(cancellation) };
            case TenantEndPhase.Scheduled:
                // Kept before a door closes: who takes the deletion back between the two would keep a tenant that nobody can open.
                return state with { Phase = TenantEndPhase.Closing };
            case TenantEndPhase.Closing when state.ClosedAt is null:
                await Directory.Close(tenant);
                await gate.Refresh();
                return state with { ClosedAt = time.GetUtcNow() };
            case TenantEndPhase.Closing:
                return state with { Phase = TenantEndPhase.Clearing };
            case TenantEndPhase.Clearing:
                await Clear(cancellation);
                return state with { Phase = state.Counts.Any(count => memories.Any(memory => memory.Name == count.What)) ? TenantEndPhase.Erasing : TenantEndPhase.Counting };
            case TenantEndPhase.Counting:
                return state with { Phase = TenantEndPhase.Erasing, Counts = [.. state.Counts, .. await Count(memory => !memory.Wakes, cancellation)] };
            case TenantEndPhase.Erasing:
                if (memories.FirstOrDefault(memory => !state.Erased.Contains(memory.Name)) is not { } next)
                    return state with { Phase = TenantEndPhase.Checking };
                await next.Erase(tenant, cancellation);
                return state with { Erased = [.. state.Erased, next.Name] };
            case TenantEndPhase.Checking:
                if ((await activations.Of(tenant)).Count > 0 || (await Count(_ => true, cancellation)).Any(left => left.Count > 0))
                    return TenantEndRules.Again(state);
                var now = time.GetUtcNow();
                await Directory.Bury(new TenantTombstone(tenant, now));
                return state with { Phase = TenantEndPhase.Deleted, DeletedAt = now };
            default:
                return state;
        }
    }

    private async Task Clear(CancellationToken cancellation)
    {
        foreach (var memory in memories.Where(memory => memory.Wakes))
            await memory.Erase(tenant, cancellation);
        for (var look = 1; await activations.Of(tenant) is { Count: > 0 } running; look++)
        {
            if (look > MaxLooks)
                throw new RefusedException(RefusalCode.Busy, $"{running.Count} of its grains have not ended yet, {running[0]} among them.");
            await activations.End(running);
            await Task.Delay(LookEvery, time, cancellation);
        }
    }

    /// <summary>What people would call its size, asked while its stores still answer.</summary>
    private async Task<IReadOnlyList<TenantEndCount>> Remembered(CancellationToken cancellation)
    {
        var streams = await log.Streams(tenant, cancellation);
        return
        [
            new("streams of records", streams.Count(stream => stream.Type == EntryType.Record)),
            new("records", streams.Where(stream => stream.Type == EntryType.Record).Sum(stream => stream.Records)),
            new("conversations", streams.Count(stream => stream.Type == EntryType.Chat)),
            new("last position of the log", await log.Head(tenant, cancellation)),
        ];
    }

    private async Task<List<TenantEndCount>> Count(Func<ITenantMemory, bool> which, CancellationToken cancellation)
    {
        var counts = new List<TenantEndCount>();
        foreach (var memory in memories.Where(which))
            counts.Add(new TenantEndCount(memory.Name, await memory.Count(tenant, cancellation)));
        return counts;
    }
}
