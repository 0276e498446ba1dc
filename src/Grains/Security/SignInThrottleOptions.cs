namespace Sophia.Security;

/// <summary>How patient Sophia is with wrong keys and sign-in codes. A right one is never counted.</summary>
public sealed record SignInThrottleOptions
{
    /// <summary>Wrong tries of one address before it has to wait. Range 2 to 1,000, default 20: a person who pastes the wrong key, not a program that tries them.</summary>
    public int FreeOfAddress { get; init; } = 20;

    /// <summary>Wrong tries against one tenant, from all addresses together, before an address that tried wrong waits whatever its own count. Default 200.</summary>
    public int FreeOfTenant { get; init; } = 200;

    /// <summary>The first wait; each further wrong try doubles it. Default 1 s.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait of an address. Default 15 minutes.</summary>
    public TimeSpan LongestOfAddress { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The longest wait for a tenant's sake. Default 30 s: its people mistype too while somebody attacks it.</summary>
    public TimeSpan LongestOfTenant { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How soon one wrong try is forgotten. Default 1 minute; against a tenant a tenth of that.</summary>
    public TimeSpan ForgetOneEvery { get; init; } = TimeSpan.FromMinutes(1);

    internal bool IsInRange => FreeOfAddress is >= 2 and <= 1_000 && FreeOfTenant is >= 2 and <= 100_000 && FirstWait > TimeSpan.Zero
        && LongestOfAddress >= FirstWait && LongestOfTenant >= FirstWait && ForgetOneEvery > TimeSpan.Zero;

    internal ThrottleBounds OfAddress => new(FreeOfAddress, FirstWait, LongestOfAddress, ForgetOneEvery);

    internal ThrottleBounds OfTenant => new(FreeOfTenant, FirstWait, LongestOfTenant, ForgetOneEvery / 10);
}
