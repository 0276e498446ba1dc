namespace Sophia.Queues;

/// <summary>How many items of a queue moved from one state to another in a transaction.</summary>
internal sealed class QueueCounts
{
    private readonly long[] by = new long[6];

    public long Of(WorkState state) => by[(int)state];

    public long Accepted => by[0];

    /// <summary>By how many there are more that are not done.</summary>
    public long NotDone => Of(WorkState.Pending) + Of(WorkState.Leased) + Of(WorkState.Dead) + Of(WorkState.Quarantined);

    public bool Changed => by.Any(one => one != 0);

    public void Take()
    {
        by[0]++;
        by[(int)WorkState.Pending]++;
    }

    public void Move(WorkState from, WorkState to)
    {
        by[(int)from]--;
        by[(int)to]++;
    }
}
