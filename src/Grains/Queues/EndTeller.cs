using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Tells tenants' queues how work ended, one call of a tenant at a time: what ends while one is under way goes with the next. Used by many threads.</summary>
internal sealed class EndTeller(Func<TenantId, IReadOnlyList<WorkResult>, Task<IReadOnlyList<FinishAnswer>>> tell)
{
    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, List<(WorkResult Result, TaskCompletionSource<FinishAnswer> Told)>> waiting = [];

    public Task<FinishAnswer> End(TenantId tenant, WorkResult result)
    {
        var told = new TaskCompletionSource<FinishAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isFirst;
        lock (gate)
        {
            isFirst = !waiting.TryGetValue(tenant, out var others);
            (others ?? (waiting[tenant] = [])).Add((result, told));
        }
        if (isFirst)
            _ = Send(tenant);
        return told.Task;
    }

    private async Task Send(TenantId tenant)
    {
        while (Take(tenant) is { Count: > 0 } batch)
            try
            {
                var answers = await tell(tenant, [.. batch.Select(one => one.Result)]);
                for (var i = 0; i < batch.Count; i++)
                    batch[i].Told.SetResult(answers[i]);
            }
            catch (Exception failure)
            {
                foreach (var (_, told) in batch)
                    told.TrySetException(failure);
            }
    }

    private List<(WorkResult Result, TaskCompletionSource<FinishAnswer> Told)> Take(TenantId tenant)
    {
        lock (gate)
        {
            var all = waiting[tenant];
            var batch = all.Take(WorkLimits.MaxAtOnce).ToList();
            all.RemoveRange(0, batch.Count);
            if (batch.Count == 0)
                waiting.Remove(tenant);
            return batch;
        }
    }
}
