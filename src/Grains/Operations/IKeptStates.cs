using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Looks through states that grains keep durably, without waking a grain. Every engine passes one suite.</summary>
internal interface IKeptStates
{
    /// <summary>A page of the states of one name of all grains of one kind, in the order of their keys.</summary>
    /// <param name="tenant">"system": the states of grains that belong to no tenant.</param>
    /// <param name="kind">As grains' ids begin.</param>
    /// <param name="after">A key; null: from the first on.</param>
    Task<IReadOnlyList<KeptState<T>>> Page<T>(TenantId tenant, string kind, string name, string? after, int limit, CancellationToken cancellation);
}

/// <param name="Key">Of the grain.</param>
internal sealed record KeptState<T>(string Key, T State);
