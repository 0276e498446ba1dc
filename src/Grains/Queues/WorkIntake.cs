using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Gives work to a tenant's queue, acting for that tenant.</summary>
internal sealed class WorkIntake(IGrainFactory grains) : IWorkIntake
{
    public async Task<long> Take(TenantId tenant, NewWork work, CancellationToken cancellation)
    {
        using var _ = Security.CallerContext.For(tenant);
        var answer = (await grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(tenant)).Enqueue([work], cancellation))[0];
        return answer.State != EnqueueState.Full ? answer.Id : throw new RefusedException(RefusalCode.Busy, answer.Full?.Said(work.Queue) ?? $"The queue \"{work.Queue}\" is full.", retryAt: answer.RetryAt);
    }
}
