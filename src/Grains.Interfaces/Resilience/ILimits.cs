using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Quotas of the whole cluster, asked in this process.</summary>
public interface ILimits
{
    /// <summary>The limit of a resource of a tenant, or of a part of it (a user, a key); null: it has none. May be kept and asked for ever.</summary>
    ILimit? For(TenantId tenant, string resource, string? part = null);
}

/// <summary>One quota, as far as this process has a share in it. Asking never leaves the process and never waits.</summary>
public interface ILimit
{
    LimitTerms Terms { get; }

    /// <summary>Takes the cost, or leaves everything as it was and says when to come back.</summary>
    LimitAnswer Ask(long cost = 1);

    /// <summary>Gives back what was taken a moment ago and not used, because something else refused.</summary>
    void GiveBack(long cost = 1);
}

/// <param name="Rate">A second.</param>
/// <param name="Burst">What may be taken at once.</param>
public sealed record LimitTerms(double Rate, double Burst);

/// <param name="Remaining">What this process could still take now.</param>
/// <param name="RetryAfter">Zero where admitted; infinite: the cost is larger than the limit.</param>
/// <param name="ResetAfter">When the process could take all of its share again, if nobody asks.</param>
public readonly record struct LimitAnswer(bool IsAdmitted, long Remaining, TimeSpan RetryAfter, TimeSpan ResetAfter);

/// <summary>Divides one quota among the processes. The key is "tenant/resource" or "tenant/resource/part".</summary>
[Alias("Sophia.IRateLimitGrain")]
public interface IRateLimitGrain : IReplicatedGrain
{
    [Alias("View"), Repeatable]
    Task<RateLimitView> View();
}

/// <param name="Shares">By process that asked of late.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RateLimitView")]
public sealed record RateLimitView([property: Id(0)] string Key, [property: Id(1)] double Rate, [property: Id(2)] double Burst, [property: Id(3)] IReadOnlyList<RateLimitShare> Shares);

/// <param name="Share">Of the whole, 0 to 1.</param>
/// <param name="Demand">What the process was asked for, a second.</param>
[GenerateSerializer, Immutable, Alias("Sophia.RateLimitShare")]
public sealed record RateLimitShare([property: Id(0)] string Process, [property: Id(1)] double Share, [property: Id(2)] double Demand);
