using Orleans.Runtime;

namespace Sophia.Queues;

/// <summary>When a tenant's queue looks again: at the earliest of the moments that it was told. One look goes at a time.</summary>
internal sealed class QueueWaker(IGrainTimer timer, TimeProvider time)
{
    private DateTimeOffset? next;
    private bool looking, again;

    public void At(DateTimeOffset? moment)
    {
        if (moment is not { } at || (next is { } sooner && sooner <= at))
            return;
        next = at;
        if (!looking)
            Set();
    }

    /// <summary>Whether a look may begin; where one goes already, another follows it.</summary>
    public bool Begin()
    {
        if (looking)
        {
            again = true;
            return false;
        }
        looking = true;
        next = null;
        return true;
    }

    public void End()
    {
        looking = false;
        if (again)
            next = time.GetUtcNow();
        again = false;
        if (next is not null)
            Set();
    }

    private void Set()
    {
        // A timer takes no more than some weeks; a look that comes too early looks again.
        var wait = next!.Value - time.GetUtcNow() is var until && until < TimeSpan.FromDays(1) ? until : TimeSpan.FromDays(1);
        timer.Change(wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }
}
