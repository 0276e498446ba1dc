using Sophia.Log;
using Sophia.Resilience;

namespace Sophia.Pipelines;

/// <summary>What a lane works with. Committed is told the newest log position after each append.</summary>
internal sealed record LaneParts(ILogStore Log, IEnumerable<ISourceKind> Kinds, IBatchJudges Judges, TimeProvider Time, Action<long> Committed)
{
    /// <summary>Is given what a connector said about a run.</summary>
    public Action<string, IReadOnlyList<ConnectorLine>> Told { get; init; } = static (_, _) => { };

    /// <summary>Is given what the store said when it failed: the run's people are told the kind of fault alone.</summary>
    public Action<StorageException> Failed { get; init; } = static _ => { };

    /// <summary>The tenant's key for values that transforms hash.</summary>
    public Func<byte[]>? MaskKey { get; init; }

    public BatchBudget Budget { get; init; } = BatchBudget.Default;

    /// <summary>Before the sources; null: they are opened as they are.</summary>
    public IPolicies? Policies { get; init; }

    /// <summary>What a tenant's runs may judge at a time; null: as much as they like.</summary>
    public IBulkheads? Bulkheads { get; init; }
}
