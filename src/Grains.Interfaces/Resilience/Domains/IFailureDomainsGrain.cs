using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Knows what depends on what, which parts fail, whom that hits, and what is done to contain it. One for the whole installation; the key is "system", and only the system may ask.</summary>
/// <remarks>What a tenant's people may see is asked for by naming the tenant: then nothing of another tenant, and nothing of the installation but its features, is in the answer.</remarks>
[Alias("Sophia.IFailureDomainsGrain")]
public interface IFailureDomainsGrain : IReplicatedGrain
{
    /// <param name="tenant">Whose part; null: everything.</param>
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<DomainsView> View(TenantId? tenant);

    /// <summary>Who is concerned by what is wrong, of all tenants.</summary>
    [Alias("Troubles"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<TroublesView> Troubles();

    /// <summary>Whom it would hit, or hits, that a node fails; null: there is no such node, or the tenant may not see it.</summary>
    /// <param name="tenant">Whose part; null: everything.</param>
    [Alias("Impact"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<DomainImpact?> Impact(string node, TenantId? tenant);

    /// <summary>A person's word on a containment; kept durably before it is answered, and written into the audit.</summary>
    /// <param name="by">Who says so.</param>
    /// <param name="because">Why, in a sentence of at most 500 characters.</param>
    /// <param name="tenant">For whom they may speak; null: for the whole installation.</param>
    /// <exception cref="RefusedException">NotFound: there is none, or it is not theirs. Conflict: it is not in a phase in which that can be said. Invalid: no reason.</exception>
    [Alias("Decide"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<ContainmentView> Decide(long containment, ContainmentDecision decision, string by, string because, TenantId? tenant);

    /// <summary>Contains a node now, whether it fails or not, until the time is over or a person lifts it; kept durably before it is answered, written into the audit, and done as what a rule decides.</summary>
    /// <param name="strategy">Null: the usual one for the node.</param>
    /// <param name="lasts">From <see cref="ContainmentStrategies.ShortestByHand"/> to <see cref="ContainmentStrategies.LongestByHand"/>.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="because">Why, in a sentence of at most 500 characters.</param>
    /// <param name="tenant">For whom they may speak; null: for the whole installation.</param>
    /// <exception cref="RefusedException">NotFound: there is no such node, or it is not theirs. Invalid: no reason, or what cannot be done about such a node. Conflict: it is contained so already, or proposed, or what must go on needs it.
    /// Forbidden: fewer would be offered something, and they speak for a tenant only.</exception>
    [Alias("Begin"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<ContainmentView> Begin(string node, ContainmentStrategy? strategy, TimeSpan lasts, string by, string because, TenantId? tenant);

    /// <summary>Told by <see cref="IDomainWatchGrain"/>.</summary>
    [Alias("Saw"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task Saw(DomainSight sight);
}

/// <summary>Looks around and does what was decided, so that who decides never waits for what is slow or gone. It keeps nothing that matters; the key is "system".</summary>
[Alias("Sophia.IDomainWatchGrain")]
public interface IDomainWatchGrain : IGrainWithStringKey
{
    /// <summary>Does the errand, and tells <see cref="IFailureDomainsGrain.Saw"/>. May be asked for again: what was done already is not done twice.</summary>
    [Alias("Look"), OneWay]
    Task Look(DomainErrand errand);
}
