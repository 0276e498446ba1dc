using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What the watch is sent for.</summary>
/// <param name="Number">Of this errand; its sight has the same.</param>
/// <param name="Tenants">Tenants that are in use; a bounded number of them is looked at each time.</param>
/// <param name="First">Tenants that are looked at in any case: something of theirs fails or is contained.</param>
/// <param name="Changes">What is to be written into the audit before anything is done.</param>
/// <param name="Acts">What is to be done, undone or looked after.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainErrand")]
public sealed record DomainErrand(
    [property: Id(0)] long Number,
    [property: Id(1)] IReadOnlyList<string> Tenants,
    [property: Id(2)] IReadOnlyList<string> First,
    [property: Id(3)] IReadOnlyList<DomainChange> Changes,
    [property: Id(4)] IReadOnlyList<ContainmentAct> Acts)
{
    /// <summary>Tenants that nobody uses and that were not looked at yet, some each time.</summary>
    [Id(5)]
    public IReadOnlyList<string>? Never { get; init; }
}

/// <summary>What is to be done about a containment.</summary>
public enum ContainmentActKind
{
    Apply = 1,
    Lift = 2,

    /// <summary>See whether it is still in place.</summary>
    Check = 3,
}

/// <param name="Owner">"system", or the tenant whose breaker, queue or level it is.</param>
/// <param name="Name">The breaker's or the queue's; empty for a tenant or the installation.</param>
/// <param name="For">How long it lasts at most, where what is held runs out by itself.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ContainmentAct")]
public sealed record ContainmentAct(
    [property: Id(0)] long Containment,
    [property: Id(1)] ContainmentActKind Kind,
    [property: Id(2)] ContainmentStrategy Strategy,
    [property: Id(3)] string Owner,
    [property: Id(4)] string Name,
    [property: Id(5)] string Because,
    [property: Id(6)] TimeSpan For);

/// <param name="InPlace">Whether it holds now, by this containment.</param>
/// <param name="Note">Why not, or what else is to be known.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ContainmentOutcome")]
public sealed record ContainmentOutcome(
    [property: Id(0)] long Containment,
    [property: Id(1)] ContainmentActKind Kind,
    [property: Id(2)] bool Done,
    [property: Id(3)] bool InPlace,
    [property: Id(4)] string? Note);

/// <summary>What the watch saw and did.</summary>
/// <param name="Tenants">All that there are.</param>
/// <param name="Silos">Those that live, and those that ended a short while ago.</param>
/// <param name="System">The installation's own; null: it could not be asked.</param>
/// <param name="Looked">The tenants that were looked at this time.</param>
/// <param name="AuditedTo">The last change of the errand that is in the audit; 0: none.</param>
/// <param name="Unseen">What could not be asked, with why.</param>
[GenerateSerializer, Immutable, Alias("Sophia.DomainSight")]
public sealed record DomainSight(
    [property: Id(0)] long Number,
    [property: Id(1)] IReadOnlyList<string>? Tenants,
    [property: Id(2)] IReadOnlyList<SiloSight>? Silos,
    [property: Id(3)] OwnerSight? System,
    [property: Id(4)] IReadOnlyList<OwnerSight> Looked,
    [property: Id(5)] IReadOnlyList<ContainmentOutcome> Outcomes,
    [property: Id(6)] long AuditedTo,
    [property: Id(7)] IReadOnlyList<string> Unseen);

/// <param name="Trouble">Why it is no silo to count on; null: it is.</param>
[GenerateSerializer, Immutable, Alias("Sophia.SiloSight")]
public sealed record SiloSight([property: Id(0)] string Name, [property: Id(1)] string? Trouble);

/// <summary>What belongs to one tenant, or to the installation, and how it is.</summary>
/// <param name="Owner">"system", or the tenant.</param>
/// <param name="Trouble">Why the tenant itself is a failure to others; null: it is none.</param>
/// <param name="Sources">Dependencies that fail as health reports say, by name, with why.</param>
/// <param name="Signals">Rules of degradation that read a signal and are in force, by the signal, with why.</param>
[GenerateSerializer, Immutable, Alias("Sophia.OwnerSight")]
public sealed record OwnerSight(
    [property: Id(0)] string Owner,
    [property: Id(1)] string? Trouble,
    [property: Id(2)] IReadOnlyList<PipelineSight> Pipelines,
    [property: Id(3)] IReadOnlyList<PartSight> Queues,
    [property: Id(4)] IReadOnlyList<BreakerSight> Breakers,
    [property: Id(5)] IReadOnlyList<PartSight> Sources,
    [property: Id(6)] IReadOnlyList<SignalSight> Signals)
{
    /// <summary>What operators of the installation are to look at; null: the watch is of an older version.</summary>
    [Id(7)]
    public IReadOnlyList<TroubleSight>? Troubles { get; init; }
}

[GenerateSerializer, Immutable, Alias("Sophia.PipelineSight")]
public sealed record PipelineSight([property: Id(0)] string Name, [property: Id(1)] IReadOnlyList<SourceSight> Sources);

/// <param name="Breaker">The breaker before it, of its tenant; null: none stands before it.</param>
[GenerateSerializer, Immutable, Alias("Sophia.SourceSight")]
public sealed record SourceSight([property: Id(0)] string Type, [property: Id(1)] string? Breaker = null);

/// <param name="Trouble">Why it fails; null: it works.</param>
[GenerateSerializer, Immutable, Alias("Sophia.PartSight")]
public sealed record PartSight([property: Id(0)] string Name, [property: Id(1)] string? Trouble);

[GenerateSerializer, Immutable, Alias("Sophia.SignalSight")]
public sealed record SignalSight([property: Id(0)] HealthSignal Signal, [property: Id(1)] string Because);

/// <param name="Trouble">Why its dependency fails; null: nothing speaks against it.</param>
/// <param name="IsHeld">Whether somebody keeps calls from it, so that nothing can speak for or against it.</param>
/// <param name="Calls">By process, what was called lately.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BreakerSight")]
public sealed record BreakerSight([property: Id(0)] string Name, [property: Id(1)] string? Trouble, [property: Id(2)] bool IsHeld, [property: Id(3)] IReadOnlyList<ProcessCalls> Calls);

[GenerateSerializer, Immutable, Alias("Sophia.ProcessCalls")]
public sealed record ProcessCalls([property: Id(0)] string Process, [property: Id(1)] long Calls);
