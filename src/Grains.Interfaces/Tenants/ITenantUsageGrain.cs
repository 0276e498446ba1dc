namespace Sophia.Tenants;

/// <summary>Says how much is kept for a tenant, and keeps nothing itself. Only the system may ask; the key is the tenant.</summary>
[Alias("Sophia.ITenantUsageGrain")]
public interface ITenantUsageGrain : IGrainWithStringKey
{
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<TenantUsage> View();
}

/// <param name="Records">Records as they stand, deleted ones left out.</param>
/// <param name="Streams">Streams of records.</param>
/// <param name="Bytes">Room that its log takes, and in a data folder its index and state, too.</param>
/// <param name="IsEstimate">Whether the bytes are reckoned from its newest rows: a database does not count them by tenant.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TenantUsage")]
public sealed record TenantUsage([property: Id(0)] long Records, [property: Id(1)] int Streams, [property: Id(2)] long Bytes, [property: Id(3)] bool IsEstimate);
