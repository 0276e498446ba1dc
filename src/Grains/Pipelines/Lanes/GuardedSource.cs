using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>A source as its policy has it: it is opened only where its breaker lets that through, its first answer is what the breaker is told, and it is tried again only as far as the budget goes.</summary>
/// <remarks>The attempts are the run's (it goes on from the last checkpoint, which a policy knows nothing of); here they are counted. One reading is one call, however long it takes. Where breaker or budget say no the source is
/// not asked, and after a failure it is left alone for a pause that grows; the run is told from when on it may be asked: it waits.</remarks>
internal sealed class GuardedSource(ISourceReader reader, SourceTries tries, BreakerPermit permit, IPolicy policy) : ISourceReader
{
    private bool isReported;

    /// <exception cref="SourceException">It cannot be opened, or is not to be asked for now.</exception>
    public static async Task<ISourceReader> Open(ISourceKind kind, IPolicies? policies, SourceTries tries, SourceContext source, SourcePartition partition, string? state, CancellationToken cancellation)
    {
        if (policies is null || kind.Dependency(source) is not { } dependency)
            return await kind.Open(source, partition, state, cancellation);
        if (tries is { Rests: true, Rest: { } rest })
            throw rest;
        var policy = policies.For(TenantId.Parse(source.Tenant), dependency);
        var entry = await policy.Begin(cancellation, tries.IsRepetition);
        if (entry.IsRefused)
            throw new SourceException($"{entry.Refusal.Text}.", transient: true) { NotBefore = entry.Refusal.RetryAt };
        if (tries.IsRepetition && !policy.TryRepeat(tries.TryTakeOwn()))
        {
            entry.Permit.Report(CallOutcome.Abandoned);
            throw new SourceException($"{policy.Dependency} failed so often that its budget of repetitions is spent for now.", transient: true) { NotBefore = tries.LookAgainAt };
        }
        try
        {
            return new GuardedSource(await kind.Open(source, partition, state, cancellation), tries, entry.Permit, policy);
        }
        catch (Exception failure)
        {
            entry.Permit.Report(OutcomeOf(failure), TimeSpan.Zero);
            if (failure is SourceException { Transient: true } passing)
                throw tries.Failed(passing, policy.Pause);
            throw;
        }
    }

    public async ValueTask<SourceBatch?> Read(BatchBudget budget, CancellationToken cancellation)
    {
        try
        {
            var batch = await reader.Read(budget, cancellation);
            if (batch is not { Records.Count: 0, Bad.Count: 0, More: true })
            {
                tries.Answered();
                Report(CallOutcome.Success);
            }
            return batch;
        }
        catch (SourceException failure)
        {
            Report(OutcomeOf(failure));
            if (failure.Transient)
                throw tries.Failed(failure, policy.Pause);
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        Report(CallOutcome.Abandoned);
        return reader.DisposeAsync();
    }

    // How long a reading takes says nothing against its source.
    private void Report(CallOutcome outcome)
    {
        if (isReported)
            return;
        isReported = true;
        permit.Report(outcome, TimeSpan.Zero);
    }

    private static CallOutcome OutcomeOf(Exception failure) => failure switch
    {
        SourceException { Transient: true } => CallOutcome.Failed,
        SourceException => CallOutcome.Refused,
        _ => CallOutcome.Abandoned,
    };
}
