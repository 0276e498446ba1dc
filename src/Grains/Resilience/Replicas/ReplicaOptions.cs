namespace Sophia.Resilience;

/// <summary>How a process keeps its copies fresh.</summary>
public sealed class ReplicaOptions
{
    /// <summary>What people call this process; null: its silo's name, or its machine's.</summary>
    public string? ProcessName { get; set; }

    /// <summary>Between two exchanges about one key. Default 5 s, range 100 ms to 1 minute. Also the longest that a lost push goes unnoticed, a call's time apart.</summary>
    public TimeSpan ExchangeEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Between two exchanges about a key of which there is something urgent. Default 50 ms, at most <see cref="ExchangeEvery"/>.</summary>
    public TimeSpan HurriedEvery { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How soon a failed exchange is tried again. Default 1 s.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a key that nobody uses is exchanged on, and remembered. Default 5 minutes, at least <see cref="ExchangeEvery"/>.</summary>
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a process that stops in order gives back what it has, shares of limits. Default 2 s, above 0. What is not given back by then is free when its lease ends.</summary>
    public TimeSpan LeavesWithin { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Exchanges at a time. Default 32, range 1 to 1,024.</summary>
    public int MaxAtOnce { get; set; } = 32;

    internal bool IsInRange => ExchangeEvery >= TimeSpan.FromMilliseconds(100) && ExchangeEvery <= TimeSpan.FromMinutes(1) && HurriedEvery > TimeSpan.Zero && HurriedEvery <= ExchangeEvery
        && RetryAfter > TimeSpan.Zero && KeepFor >= ExchangeEvery && LeavesWithin > TimeSpan.Zero && MaxAtOnce is >= 1 and <= 1_024;
}
