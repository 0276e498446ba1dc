namespace Sophia.Resilience;

/// <summary>What one request or hub call holds of limits on how much is under way at once, until it ends; adaptive limits hear then how long it took.</summary>
internal sealed class HeldPlaces(LimitTaken taken, TimeProvider time)
{
    private readonly long began = time.GetTimestamp();
    private int ended;
    private volatile bool dropped;

    /// <summary>It went wrong. Who is refused for another reason than want of room, or goes, says nothing of how much there is.</summary>
    public void Failed(Exception failure) => dropped = failure is TimeoutException or RefusedException { Code: RefusalCode.Unavailable or RefusalCode.Busy };

    /// <summary>It was answered with this status.</summary>
    public void Answered(int status) => dropped = status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout;

    /// <summary>It is over; a second time says nothing.</summary>
    public void Ended()
    {
        if (Interlocked.Exchange(ref ended, 1) == 0)
            taken.Ended(time.GetElapsedTime(began), dropped);
    }
}
