namespace Sophia.Pipelines;

/// <summary>What one lane has tried with its sources. For one lane: not for threads at once.</summary>
/// <remarks>
/// A source's budget of repetitions is one for all lanes that read it, and a blip of seconds fails all of them at once. So each lane brings a repetition of its own with it, once within <see cref="OwnEvery"/>: lanes are bounded by the
/// definition, and whatever they do a source is asked again within a minute at most once for each of them on top of the budget. Whoever finds both spent waits.
/// </remarks>
internal sealed class SourceTries(TimeProvider time)
{
    /// <summary>Between two repetitions of a lane's own: 1 minute, the window of a source's budget as shipped.</summary>
    public static readonly TimeSpan OwnEvery = TimeSpan.FromMinutes(1);

    /// <summary>How long a lane that found both spent waits before it looks again: 5 s.</summary>
    public static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(5);

    private DateTimeOffset? tookOwn;

    /// <summary>The source gave no answer to the last call: the next one is a repetition.</summary>
    public bool IsRepetition { get; private set; }

    public void Answered() => IsRepetition = false;

    public void Failed() => IsRepetition = true;

    /// <summary>Takes the lane's own repetition, where it has one now.</summary>
    public bool TryTakeOwn()
    {
        var now = time.GetUtcNow();
        if (tookOwn is { } at && now >= at && now - at < OwnEvery)
            return false;
        tookOwn = now;
        return true;
    }

    public DateTimeOffset LookAgainAt => time.GetUtcNow() + LookAgainAfter;
}
