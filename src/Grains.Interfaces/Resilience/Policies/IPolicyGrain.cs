namespace Sophia.Resilience;

/// <summary>Gathers what processes see of a tenant's policies and bulkheads; the key is the tenant, or "system" for dependencies that all share. Keeps nothing: each report says everything, and comes again.</summary>
[Alias("Sophia.IPolicyGrain")]
public interface IPolicyGrain : IReplicatedGrain
{
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<PoliciesView> View();
}

/// <param name="Owner">The tenant, or "system".</param>
/// <param name="Policies">Of dependencies that were called within minutes, by name.</param>
/// <param name="Bulkheads">Of what the tenant did within minutes, by kind.</param>
/// <param name="HeldBytes">What bodies hold in memory, of all processes.</param>
/// <param name="MostHeldBytes">The most that they may hold, in each process.</param>
[GenerateSerializer, Immutable, Alias("Sophia.PoliciesView")]
public sealed record PoliciesView(
    [property: Id(0)] string Owner,
    [property: Id(1)] IReadOnlyList<PolicyView> Policies,
    [property: Id(2)] IReadOnlyList<BulkheadView> Bulkheads,
    [property: Id(3)] long HeldBytes,
    [property: Id(4)] long MostHeldBytes);

/// <param name="Rule">How it is called, in one line.</param>
/// <param name="Because">What holds calls back now, or held some back since the processes began; null: nothing.</param>
/// <param name="Fallback">Who serves where it does not; "none": nobody.</param>
[GenerateSerializer, Immutable, Alias("Sophia.PolicyView")]
public sealed record PolicyView(
    [property: Id(0)] string Owner,
    [property: Id(1)] string Dependency,
    [property: Id(2)] string Rule,
    [property: Id(3)] string? Because,
    [property: Id(4)] string Fallback,
    [property: Id(5)] IReadOnlyList<PolicyProcess> Processes);

[GenerateSerializer, Immutable, Alias("Sophia.PolicyProcess")]
public sealed record PolicyProcess([property: Id(0)] string Name, [property: Id(1)] PolicySeen Seen);

/// <summary>What one process did about one dependency since it began.</summary>
/// <param name="Calls">Calls that were begun, however often each was made.</param>
/// <param name="Repeats">Repetitions.</param>
/// <param name="Hedges">Second attempts beside a first.</param>
/// <param name="Timeouts">Attempts that gave no answer in time.</param>
/// <param name="Failures">Calls that failed in the end.</param>
/// <param name="OutOfBudget">Calls not repeated because the budget was spent.</param>
/// <param name="OutOfTime">Calls not repeated because the caller's time would have been over.</param>
/// <param name="RefusedByBreaker">Calls not made: the breaker said no.</param>
/// <param name="RefusedFull">Calls not made: as many were under way and waiting as may.</param>
/// <param name="RefusedLate">Calls not made: the caller's time was over.</param>
/// <param name="BudgetLeft">Repetitions and hedges that may follow now.</param>
/// <param name="Inside">Calls under way.</param>
/// <param name="InLine">Calls that wait for a place.</param>
/// <param name="P95">Of the last answers, ms; 0: there were none.</param>
[GenerateSerializer, Immutable, Alias("Sophia.PolicySeen")]
public sealed record PolicySeen(
    [property: Id(0)] string Dependency,
    [property: Id(1)] long Calls,
    [property: Id(2)] long Repeats,
    [property: Id(3)] long Hedges,
    [property: Id(4)] long Timeouts,
    [property: Id(5)] long Failures,
    [property: Id(6)] long OutOfBudget,
    [property: Id(7)] long OutOfTime,
    [property: Id(8)] long RefusedByBreaker,
    [property: Id(9)] long RefusedFull,
    [property: Id(10)] long RefusedLate,
    [property: Id(11)] int BudgetLeft,
    [property: Id(12)] int Inside,
    [property: Id(13)] int InLine,
    [property: Id(14)] double P95);

/// <param name="Kind">search, ask, ingest, export or batches.</param>
/// <param name="Rule">What it bounds, in one line.</param>
/// <param name="Because">What it holds back or held back; null: nothing.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BulkheadView")]
public sealed record BulkheadView(
    [property: Id(0)] string Owner,
    [property: Id(1)] string Kind,
    [property: Id(2)] int Places,
    [property: Id(3)] int Waiting,
    [property: Id(4)] string Rule,
    [property: Id(5)] string? Because,
    [property: Id(6)] IReadOnlyList<BulkheadProcess> Processes);

[GenerateSerializer, Immutable, Alias("Sophia.BulkheadProcess")]
public sealed record BulkheadProcess([property: Id(0)] string Name, [property: Id(1)] BulkheadSeen Seen);

/// <param name="Entered">Since the process began, as all that follows.</param>
/// <param name="Waited">Of these, those that waited.</param>
/// <param name="Full">Refused: the waiting room was full.</param>
/// <param name="Late">Refused: no place came free in time.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BulkheadSeen")]
public sealed record BulkheadSeen(
    [property: Id(0)] string Kind,
    [property: Id(1)] int Inside,
    [property: Id(2)] int InLine,
    [property: Id(3)] long Entered,
    [property: Id(4)] long Waited,
    [property: Id(5)] long Full,
    [property: Id(6)] long Late);
