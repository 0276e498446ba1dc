namespace Sophia.Queues;

/// <summary>How many items ended per second, over about the last minute: two halves, so that nothing is kept per item.</summary>
internal sealed class EndRate
{
    private static readonly TimeSpan Half = TimeSpan.FromSeconds(30);
    private DateTimeOffset began;
    private long before, now;

    public void Add(int ended, DateTimeOffset at)
    {
        Move(at);
        now += ended;
    }

    public double PerSecond(DateTimeOffset at)
    {
        Move(at);
        return began == default ? 0 : (before + now) / Math.Max(1, (at - began + (before > 0 ? Half : TimeSpan.Zero)).TotalSeconds);
    }

    private void Move(DateTimeOffset at)
    {
        if (began == default)
            began = at;
        if (at - began < Half)
            return;
        (before, now) = (at - began < 2 * Half ? now : 0, 0);
        began = at;
    }
}
