namespace Sophia.Log;

/// <summary>How streams are compacted. Checked at start.</summary>
public sealed class RetentionOptions
{
    /// <summary>How often a tenant's streams are looked at. Default 6 h, range 1 min to 30 d.</summary>
    public TimeSpan Every { get; set; } = TimeSpan.FromHours(6);

    /// <summary>Records looked at in one transaction. Default 500, range 1 to 10,000.</summary>
    public int Keys { get; set; } = 500;

    /// <summary>Versions removed in one transaction, but for those of the last record that it came to. Default 2,000, range 1 to 100,000.</summary>
    public int Rows { get; set; } = 2_000;

    /// <summary>The rest between transactions, in which others write. Default 20 ms, range 0 to 10 s.</summary>
    public TimeSpan Rest { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether every value is in its range.</summary>
    public bool IsInRange => Every >= TimeSpan.FromMinutes(1) && Every <= TimeSpan.FromDays(30) && Keys is >= 1 and <= 10_000 && Rows is >= 1 and <= 100_000 && Rest >= TimeSpan.Zero && Rest <= TimeSpan.FromSeconds(10);
}
