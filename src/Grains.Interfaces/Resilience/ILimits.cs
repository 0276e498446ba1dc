using System.Runtime.InteropServices;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Limits of the whole cluster, asked in this process.</summary>
public interface ILimits
{
    /// <summary>Asks every limit that is set for this: all must admit, and where one refuses, none is charged. Limits that are counted exactly are a call to their grain each. Of a limit of which this process has no share yet it is waited for, 250 ms at most and no longer than the caller's deadline.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits any more; none is charged.</exception>
    ValueTask<LimitTaken> TryTake(LimitAsking asking, CancellationToken cancellation = default);

    /// <summary>What <see cref="TryTake"/> would come to now. Takes nothing, and nobody is charged with having asked.</summary>
    ValueTask<LimitTaken> Look(LimitAsking asking, CancellationToken cancellation = default);

    /// <summary>All limits that are configured, in their order.</summary>
    IReadOnlyList<LimitSet> Configured { get; }

    /// <summary>A configured limit with other terms.</summary>
    /// <param name="windowSeconds">Null: as it was.</param>
    /// <param name="burst">Of a token bucket. Null: as it was.</param>
    /// <param name="now">The terms that counted before; null: those that are configured.</param>
    /// <exception cref="FormatException">They cannot be meant for it, or there is none of this name.</exception>
    LimitSet With(string name, double limit, double? windowSeconds, double? burst, LimitTerms? now = null);

    /// <summary>How terms count, in one line.</summary>
    string Rule(LimitTerms terms, bool exact);

    /// <summary>Where an adaptive limit stands in this process; each goes by what it sees. Null: there is none of this name that is adaptive.</summary>
    AdaptiveNow? Adaptive(TenantId tenant, string name, string? part = null);

    /// <summary>One limit by its name, for a tenant or a part of it (a key, a route); null: it has none. May be kept and asked for ever.</summary>
    ILimit? For(TenantId tenant, string name, string? part = null);
}

/// <summary>Where an adaptive limit stands in one process.</summary>
/// <param name="Limit">What may be under way at once now; between <paramref name="MinLimit"/> and <paramref name="MaxLimit"/>, which are configured.</param>
/// <param name="UnderWay">What is.</param>
/// <param name="LatencyMilliseconds">What a call took on average in the last window (1 s and 10 calls at least); null: there was none.</param>
/// <param name="FloorMilliseconds">Of Gradient2, the long average that this is measured against; null: there is none yet, or it is AIMD, which goes by 5 s.</param>
public sealed record AdaptiveNow(int Limit, int UnderWay, int MinLimit, int MaxLimit, double? LatencyMilliseconds, double? FloorMilliseconds);

/// <summary>For whom a limit counts by itself.</summary>
public enum LimitPer
{
    Tenant = 1,

    /// <summary>Each API key of a tenant. A person counts as the key that issued the link which signed his browser in: one key for each person holds each to a limit of his own.</summary>
    Key = 2,

    /// <summary>Each route of a tenant.</summary>
    Route = 3,

    /// <summary>Each route of each key.</summary>
    KeyAndRoute = 4,

    /// <summary>Each address that requests come from, whatever the tenant.</summary>
    Address = 5,

    /// <summary>All together.</summary>
    Installation = 6,
}

/// <summary>A limit as it is configured, for whoever shows it.</summary>
/// <param name="Resource">What it is asked about.</param>
/// <param name="Routes">Beginnings of routes that it is for; empty: all.</param>
/// <param name="Exact">Whether its grain counts each asking.</param>
/// <param name="Penalties">Whether who is refused by it and asks on is made to wait, and banned.</param>
/// <param name="Rule">How it counts, in one line.</param>
public sealed record LimitSet(string Name, string Resource, LimitPer Per, IReadOnlyList<string> Routes, LimitTerms Terms, bool Exact, bool Penalties, string Rule);

/// <summary>Who asks for what.</summary>
/// <param name="Tenant">Null: nobody has said yet who he is; then limits of addresses and of the installation alone count.</param>
/// <param name="Resource">What is asked for; "api" is the REST interface.</param>
/// <param name="Key">The API key that asks.</param>
/// <param name="Route">"GET /api/search": method, and address as it is mapped.</param>
/// <param name="Address">From where.</param>
/// <param name="IsKnown">Limits of addresses and of the installation were asked before it was known who asks, and are not asked again.</param>
public sealed record LimitAsking(TenantId? Tenant, string Resource, string? Key = null, string? Route = null, string? Address = null, long Cost = 1, bool IsKnown = false);

/// <summary>What became of one asking of all limits that are set for something.</summary>
/// <param name="Said">By each limit that was asked, in their order; the last one is the one that refused, if any did.</param>
/// <param name="Penalty">Why nothing was asked at all: who asks has a wait or a ban; null: none.</param>
public sealed record LimitTaken(IReadOnlyList<LimitSaid> Said, LimitPenalty? Penalty = null)
{
    public static LimitTaken Free { get; } = new([]);

    public bool IsAdmitted => Penalty is null && RefusedBy is null;

    public LimitSaid? RefusedBy => Said.Count > 0 && !Said[^1].Answer.IsAdmitted ? Said[^1] : null;

    /// <summary>Whether a limit on what is under way at once is among them: then <see cref="Ended"/> must be called.</summary>
    public bool HoldsPlaces => IsAdmitted && Said.Any(static one => one.Limit.Terms.IsPlaces);

    /// <summary>What was admitted is not used, because something else refused: of limits on what is under way, <see cref="Ended"/> gives it back.</summary>
    public async ValueTask GiveBack()
    {
        foreach (var one in Said)
            if (one.Answer.IsAdmitted && !one.Limit.Terms.IsPlaces)
                await one.Limit.GiveBack(one.Cost);
    }

    /// <summary>Places come back at once, and no adaptive limit learns of it: what was admitted lasts without being work.</summary>
    public async ValueTask GiveBackPlaces()
    {
        foreach (var one in Said)
            if (one.Answer.IsAdmitted && one.Limit.Terms.IsPlaces)
                await one.Limit.GiveBack(one.Cost);
    }

    /// <summary>What was admitted is over: places come back.</summary>
    /// <param name="took">How long it was under way; adaptive limits go by it.</param>
    /// <param name="dropped">It was refused or cut off below, for want of room.</param>
    public void Ended(TimeSpan took, bool dropped)
    {
        if (!IsAdmitted)
            return;
        foreach (var one in Said)
            if (one.Limit.Terms.IsPlaces)
                one.Limit.Ended(one.Cost, took, dropped);
    }
}

/// <param name="Limit">Who said it.</param>
public readonly record struct LimitSaid(ILimit Limit, LimitAnswer Answer, long Cost);

/// <param name="Of">"key:…" or "address:…".</param>
/// <param name="RetryAfter">How much longer.</param>
/// <param name="Because">One sentence.</param>
public sealed record LimitPenalty(string Of, bool IsBan, TimeSpan RetryAfter, string Because);

/// <summary>One limit, as far as this process has a share in it.</summary>
public interface ILimit
{
    string Name { get; }

    LimitTerms Terms { get; }

    /// <summary>Takes the cost, or leaves everything as it was and says when to come back. Done at once, but where the limit is counted exactly.</summary>
    ValueTask<LimitAnswer> Ask(long cost = 1, CancellationToken cancellation = default);

    /// <summary>What <see cref="Ask"/> would say now.</summary>
    ValueTask<LimitAnswer> Look(long cost = 1, CancellationToken cancellation = default);

    /// <summary>Gives back what was taken a moment ago and not used, because something else refused.</summary>
    ValueTask GiveBack(long cost = 1);

    /// <summary>Of a limit on what is under way at once: that much has ended.</summary>
    void Ended(long cost, TimeSpan took, bool dropped);
}

/// <summary>How a limit counts.</summary>
public enum LimitAlgorithm
{
    TokenBucket = 1,

    FixedWindow = 2,

    SlidingWindow = 3,

    Concurrency = 4,

    /// <summary>Concurrency that grows by one while all goes well and shrinks by a share when it does not.</summary>
    Aimd = 5,

    /// <summary>Concurrency that follows the gradient between the latency of late and that of the long run.</summary>
    Gradient2 = 6,
}

/// <param name="Limit">What flows in within the window, what passes in it, or how much may be under way at once.</param>
/// <param name="WindowSeconds">Of flows and windows.</param>
/// <param name="Burst">Of a token bucket: what may be taken at once.</param>
[GenerateSerializer, Immutable, Alias("Sophia.LimitTerms")]
public sealed record LimitTerms([property: Id(0)] LimitAlgorithm Algorithm, [property: Id(1)] double Limit, [property: Id(2)] double WindowSeconds, [property: Id(3)] double Burst)
{
    /// <summary>Whether it counts what is under way at once rather than what passes in a time.</summary>
    public bool IsPlaces => Algorithm is LimitAlgorithm.Concurrency or LimitAlgorithm.Aimd or LimitAlgorithm.Gradient2;

    public bool IsAdaptive => Algorithm is LimitAlgorithm.Aimd or LimitAlgorithm.Gradient2;

    /// <summary>What may be taken at once.</summary>
    public double Quota => Algorithm == LimitAlgorithm.TokenBucket ? Burst : Limit;
}

/// <param name="Remaining">What this process could still take now; of a limit that is counted exactly, what anybody could.</param>
/// <param name="RetryAfter">Zero where admitted; infinite: the cost is larger than the limit.</param>
/// <param name="ResetAfter">When the process could take all of its share again, if nobody asks.</param>
/// <param name="IsUnshared">Refused because this process has no share of the limit yet: nobody asked too often.</param>
[GenerateSerializer, Immutable, Alias("Sophia.LimitAnswer"), StructLayout(LayoutKind.Auto)]
public readonly record struct LimitAnswer([property: Id(0)] bool IsAdmitted, [property: Id(1)] long Remaining, [property: Id(2)] TimeSpan RetryAfter, [property: Id(3)] TimeSpan ResetAfter, [property: Id(4)] bool IsUnshared = false);

/// <summary>Divides one limit among the processes, or decides by itself where it is counted exactly. The key is "tenant/limit" or "tenant/limit/part"; in place of the tenant stands "system" for limits of addresses and of the installation.</summary>
[Alias("Sophia.IRateLimitGrain")]
public interface IRateLimitGrain : IReplicatedGrain
{
    /// <summary>Only for the system.</summary>
    [Alias("View"), Repeatable]
    Task<RateLimitView> View();

    /// <summary>Takes the cost of a limit that is counted exactly. A call that is made again may be charged twice, and never admits more.</summary>
    [Alias("Take")]
    Task<LimitAnswer> Take(long cost, CancellationToken cancellation);

    /// <summary>What <see cref="Take"/> would say.</summary>
    [Alias("Look"), Repeatable]
    Task<LimitAnswer> Look(long cost, CancellationToken cancellation);

    /// <summary>Gives back what was taken and not used.</summary>
    [Alias("GiveBack")]
    Task GiveBack(long cost);

    /// <summary>Removes what is kept of a limit if nothing of it counts any more: its count, or until when there were leases. Only for the system.</summary>
    /// <returns>Whether it was removed.</returns>
    [Alias("Forget"), Repeatable]
    Task<bool> Forget();
}

/// <param name="Used">Of a limit that is counted exactly: what counts against it now.</param>
/// <param name="Shares">By process that asked of late.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RateLimitView")]
public sealed record RateLimitView([property: Id(0)] string Key, [property: Id(1)] LimitTerms Terms, [property: Id(2)] long? Used, [property: Id(3)] IReadOnlyList<RateLimitShare> Shares);

/// <param name="Share">Of the whole, 0 to 1.</param>
/// <param name="Demand">What the process was asked for, a second; of places: at once.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RateLimitShare")]
public sealed record RateLimitShare([property: Id(0)] string Process, [property: Id(1)] double Share, [property: Id(2)] double Demand);
