namespace Sophia.Tenants;

/// <summary>Knows how much room a tenant takes where its memory lies.</summary>
public interface ITenantRoom
{
    ValueTask<TenantRoom> Of(TenantId tenant, CancellationToken cancellation);
}

/// <param name="IsEstimate">Whether it is reckoned from a sample.</param>
public readonly record struct TenantRoom(long Bytes, bool IsEstimate);
