namespace Sophia.Pipelines;

/// <summary>What one lane has tried with one source. For one lane: not for threads at once.</summary>
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
    private int failures;

    /// <summary>The source gave no answer to the last call: the next one is a repetition.</summary>
    public bool IsRepetition { get; private set; }

    /// <summary>What the lane waits for after a failure, and until when; null: nothing.</summary>
    public SourceException? Rest { get; private set; }

    public void Answered() => (IsRepetition, failures, Rest) = (false, 0, null);

    /// <summary>The source gave no answer. What is to be thrown instead: the lane leaves the source alone for a while, and says so.</summary>
    /// <param name="pause">After so many failures in a row.</param>
    public SourceException Failed(SourceException failure, Func<int, TimeSpan> pause)
    {
        IsRepetition = true;
        return Rest = new SourceException(failure.Message, transient: true, failure) { NotBefore = time.GetUtcNow() + pause(++failures) };
    }

    /// <summary>Whether the lane leaves the source alone still.</summary>
    public bool Rests => Rest is { NotBefore: { } until } && time.GetUtcNow() < until;

    /// <summary>Another run: whoever began it may have mended the source, and it is asked at once.</summary>
    public void BeginsAnew() => (failures, Rest) = (0, null);

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
