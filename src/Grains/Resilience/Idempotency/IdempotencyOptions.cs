namespace Sophia.Resilience;

/// <summary>How idempotency keys are kept. Checked at start.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>How long a key is remembered after its last word. Default 24 h, range 1 minute to 30 days: as long as the log keeps once-keys, without which a repetition after a crash could have a second effect.</summary>
    public TimeSpan KeptFor { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How often what is over is removed. Default 1 h, range 1 s to 1 day.</summary>
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Rows removed in one transaction. Default 1,000, range 1 to 100,000.</summary>
    public int SweptAtOnce { get; set; } = 1_000;

    /// <summary>The largest body of an answer that is kept, in bytes. Default 256 KiB, range 0 to 1 MiB: what is larger is told as not kept.</summary>
    public int KeptBytes { get; set; } = 256 * 1024;

    /// <summary>How often at most a line about replays and mismatches is written to a tenant's audit. Default 1 minute, range 1 s to 1 day.</summary>
    public TimeSpan AuditEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether every value is in its range.</summary>
    public bool IsInRange => KeptFor >= TimeSpan.FromMinutes(1) && KeptFor <= TimeSpan.FromDays(30) && SweepEvery >= TimeSpan.FromSeconds(1) && SweepEvery <= TimeSpan.FromDays(1)
        && SweptAtOnce is >= 1 and <= 100_000 && KeptBytes is >= 0 and <= 1024 * 1024 && AuditEvery >= TimeSpan.FromSeconds(1) && AuditEvery <= TimeSpan.FromDays(1);
}
