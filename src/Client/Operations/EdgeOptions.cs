namespace Sophia.Operations;

/// <summary>What the edge (REST, hub, pages) is told by the program that hosts it.</summary>
public sealed record EdgeOptions
{
    /// <summary>Where the keys live that encrypt browser cookies; they must outlive a restart.</summary>
    public required string KeyFolder { get; init; }

    /// <summary>Where files dropped on the page are kept, one folder per tenant.</summary>
    public required string InboxFolder { get; init; }

    /// <summary>Told apart from other Sophias on the same host name, because browsers share cookies between ports.</summary>
    public required string InstanceName { get; init; }

    /// <summary>Host names that requests may ask for; empty: any. The default shuts out pages that rebind their own name to this machine.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>Addresses and networks (10.0.0.0/8) of proxies that may say for whom they ask. Empty: who connects is who asks, whatever a header says.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Beginnings of addresses, such as /api/pipelines, that take no change without an Idempotency-Key. Empty: none requires one.</summary>
    public IReadOnlyList<string> IdempotencyRequired { get; init; } = [];

    /// <summary>The tenant whose owner may create tenants.</summary>
    public TenantId SystemTenant { get; init; } = TenantId.Parse("default");

    /// <summary>Where the runtime's own dashboard is, for operators of the system's tenant; null: there is none.</summary>
    public string? Dashboard { get; init; }
}

/// <summary>The edge's own limits. Each is refused with 413 or 400 and leaves nothing behind.</summary>
public static class EdgeLimits
{
    /// <summary>An ordinary JSON body, in bytes.</summary>
    public const long Body = 1024 * 1024;

    /// <summary>A pipeline definition, in bytes.</summary>
    public const long Definition = 256 * 1024;

    /// <summary>A webhook delivery, in bytes: what GitHub sends at most.</summary>
    public const long Delivery = 25 * 1024 * 1024;

    /// <summary>Bytes of deliveries held at once whose signature is not checked yet; more are refused with 429, so that strangers cannot fill the memory.</summary>
    public const long DeliveriesHeld = 128 * 1024 * 1024;

    /// <summary>How much of that one address may hold, in bytes (of IPv6: one network of 64 bits): a delivery of the largest size and some more.</summary>
    public const long DeliveriesHeldOfAddress = 32 * 1024 * 1024;

    /// <summary>How long a delivery may take to arrive, however large it is.</summary>
    public static readonly TimeSpan DeliveryWithin = TimeSpan.FromSeconds(60);

    /// <summary>How long a delivery may take before it has to come as fast as <see cref="DeliveryRate"/>.</summary>
    public static readonly TimeSpan DeliveryGrace = TimeSpan.FromSeconds(5);

    /// <summary>Bytes a second that a delivery has to come with, from its beginning on.</summary>
    public const int DeliveryRate = 16 * 1024;

    /// <summary>When a sender that was refused so is told to try again.</summary>
    public static readonly TimeSpan DeliveryAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>The largest answer that is kept for an idempotency key, in bytes.</summary>
    public const int KeptAnswer = 256 * 1024;

    /// <summary>How long a process that works on a request with an idempotency key may be silent before the next such request does the work.</summary>
    public static readonly TimeSpan IdempotencyLease = TimeSpan.FromSeconds(30);

    /// <summary>A file dropped on the page, in bytes.</summary>
    public const long Upload = 2L * 1024 * 1024 * 1024;

    /// <summary>Within this time after a key was revoked nothing that it opened goes on: requests, browsers signed in by it, hub connections, event streams.
    /// Where the revoking and the open end meet in one process it is at once.</summary>
    public static readonly TimeSpan RevokedWithin = TimeSpan.FromSeconds(5);

    /// <summary>How long a caller who proved himself is believed without asking his tenant again. Under half of <see cref="RevokedWithin"/>.</summary>
    public static readonly TimeSpan CallerBelievedFor = TimeSpan.FromSeconds(2);

    /// <summary>How often requests that stay open are looked at. Under half of <see cref="RevokedWithin"/>.</summary>
    public static readonly TimeSpan OpenCheckedEvery = TimeSpan.FromSeconds(2);

    /// <summary>How long an address that does not have to wait is believed not to, without asking again.</summary>
    public static readonly TimeSpan AddressBelievedFor = TimeSpan.FromSeconds(5);

    /// <summary>How many callers are remembered.</summary>
    public const int CallersRemembered = 10_000;

    /// <summary>How long a browser stays signed in without being used.</summary>
    public static readonly TimeSpan BrowserSignedInFor = TimeSpan.FromHours(12);
}
