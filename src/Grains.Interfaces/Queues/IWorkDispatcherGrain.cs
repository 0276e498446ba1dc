using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Chooses whose work is done next, over all tenants and silos. The key is "system", or "system/runs" for runs of pipelines that wait for their turn.</summary>
/// <remarks>It keeps nothing on a disk. Tenants with ready work offer themselves again until they are served.</remarks>
[Alias("Sophia.IWorkDispatcherGrain")]
public interface IWorkDispatcherGrain : IGrainWithStringKey
{
    /// <summary>Says that a tenant has ready work. May be lost: it is said again.</summary>
    [OneWay, Alias("Offer")]
    Task Offer(WorkOffer offer);

    /// <summary>Grants work to a worker, and hears what became of earlier grants. Waits up to <see cref="WorkerReport.Patience"/> where there is none.</summary>
    [Alias("Next")]
    Task<IReadOnlyList<WorkGrant>> Next(WorkerReport report, CancellationToken cancellation);

    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<FairnessView> View();
}

/// <param name="Ready">About how many items are ready.</param>
/// <param name="NextCost">What the next one costs.</param>
[GenerateSerializer, Immutable, Alias("Sophia.WorkOffer")]
public readonly record struct WorkOffer([property: Id(0)] TenantId Tenant, [property: Id(1)] int Ready, [property: Id(2)] int NextCost, [property: Id(3)] int Weight);

/// <summary>Leave to lease items of a tenant, so many and of so much cost at most.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.WorkGrant")]
public readonly record struct WorkGrant([property: Id(0)] long Number, [property: Id(1)] TenantId Tenant, [property: Id(2)] int Items, [property: Id(3)] int Cost);

/// <summary>What a grant came to: what was leased by it, and what the tenant has left.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.GrantOutcome")]
public readonly record struct GrantOutcome(
    [property: Id(0)] WorkGrant Grant, [property: Id(1)] int Items, [property: Id(2)] int Cost, [property: Id(3)] int Left, [property: Id(4)] int NextCost, [property: Id(5)] int Weight);

/// <summary>Work that a worker ended for a tenant since it last asked.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TenantEffort")]
public readonly record struct TenantEffort([property: Id(0)] TenantId Tenant, [property: Id(1)] int Ended, [property: Id(2)] TimeSpan Busy);

/// <param name="Worker">Unique among processes and starts.</param>
/// <param name="Places">How many items it could begin now.</param>
/// <param name="Patience">How long it waits for work; under the runtime's 30 s.</param>
[GenerateSerializer, Immutable, Alias("Sophia.WorkerReport")]
public sealed record WorkerReport(
    [property: Id(0)] string Worker, [property: Id(1)] int Places, [property: Id(2)] IReadOnlyList<GrantOutcome> Outcomes, [property: Id(3)] IReadOnlyList<TenantEffort> Efforts, [property: Id(4)] TimeSpan Patience);

/// <param name="Workers">Workers that asked within the last minute.</param>
/// <param name="Tenants">Tenants that have ready work or work in hand, those with most in hand first; at most 100.</param>
[GenerateSerializer, Immutable, Alias("Sophia.FairnessView")]
public sealed record FairnessView([property: Id(0)] int Workers, [property: Id(1)] long Granted, [property: Id(2)] IReadOnlyList<TenantShare> Tenants)
{
    /// <summary>The queue whose work is granted: <see cref="WorkLimits.OwnQueue"/> or <see cref="WorkLimits.RunsQueue"/>.</summary>
    [Id(3)]
    public string Queue { get; init; } = WorkLimits.OwnQueue;
}

/// <param name="InHand">Items that workers have now.</param>
/// <param name="Busy">Time that workers spent on it in the last minute.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TenantShare")]
public sealed record TenantShare(
    [property: Id(0)] TenantId Tenant, [property: Id(1)] int Weight, [property: Id(2)] int Ready, [property: Id(3)] int InHand, [property: Id(4)] TimeSpan Busy, [property: Id(5)] bool IsNoisy);
