using Sophia.Operations;

namespace Sophia.Pipelines;

[GenerateSerializer, Alias("Sophia.ConnectorLinesState")]
public sealed record ConnectorLinesState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>Oldest first.</summary>
    [Id(1)]
    public IReadOnlyList<KeptLines> Runs { get; init; } = [];
}

/// <param name="Left">Older lines that are not kept any more.</param>
[GenerateSerializer, Immutable, Alias("Sophia.KeptLines")]
public sealed record KeptLines([property: Id(0)] string RunId, [property: Id(1)] IReadOnlyList<ConnectorLine> Lines, [property: Id(2)] long Left);

[GenerateSerializer, Alias("Sophia.ConnectorConfigurationState")]
public sealed record ConnectorConfigurationState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    [Id(1)]
    public IReadOnlyDictionary<string, KeptConfiguration> BySource { get; init; } = new Dictionary<string, KeptConfiguration>();
}

/// <summary>What is remembered of a pipeline's connectors beside the log; the key is "tenant/pipeline".</summary>
/// <remarks>Configurations are durable when kept. Lines explain runs and decide nothing, so they are written in groups: a crash costs the last seconds of them.</remarks>
[InTenantPool]
internal sealed class ConnectorGrain(
    [PersistentState("connector-lines", Stores.Durable)] IPersistentState<ConnectorLinesState> lines,
    [PersistentState("connector-configuration", Stores.Durable)] IPersistentState<ConnectorConfigurationState> configurations) : Grain, IConnectorGrain
{
    /// <summary>The most lines kept of one run: the newest. At most 2,000 characters each.</summary>
    public const int MaxLines = 500;

    /// <summary>The most runs whose lines are kept.</summary>
    public const int MaxRuns = 10;

    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(2);

    private ConnectorLinesState? unwritten;
    private IGrainTimer? writing;

    public Task AddLines(string runId, IReadOnlyList<ConnectorLine> added)
    {
        unwritten = ConnectorLineRules.Add(unwritten ?? lines.State, runId, added);
        writing ??= this.RegisterGrainTimer(Write, new GrainTimerCreationOptions(WriteEvery, WriteEvery) { KeepAlive = true });
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ConnectorLine>> Lines(string runId, int limit) => Task.FromResult(ConnectorLineRules.Of(unwritten ?? lines.State, runId, limit));

    public Task<KeptConfiguration?> Configuration(string source) => Task.FromResult(configurations.State.BySource.GetValueOrDefault(source));

    public Task KeepConfiguration(string source, KeptConfiguration configuration) => configurations.CommitAsync(
        configurations.State with { BySource = new Dictionary<string, KeptConfiguration>(configurations.State.BySource, StringComparer.Ordinal) { [source] = configuration } }, onFailure: DeactivateOnIdle);

    public async Task Forget()
    {
        unwritten = null;
        await configurations.CommitAsync(new ConnectorConfigurationState(), onFailure: DeactivateOnIdle);
        await lines.CommitAsync(new ConnectorLinesState(), onFailure: DeactivateOnIdle);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Write(cancellationToken);

    private async Task Write(CancellationToken cancellation)
    {
        writing?.Dispose();
        writing = null;
        if (unwritten is not { } state)
            return;
        unwritten = null;
        await lines.CommitAsync(state, onFailure: DeactivateOnIdle);
    }
}

/// <summary>Which lines of which runs are kept.</summary>
internal static class ConnectorLineRules
{
    public static ConnectorLinesState Add(ConnectorLinesState state, string runId, IReadOnlyList<ConnectorLine> added)
    {
        var before = state.Runs.FirstOrDefault(run => run.RunId == runId) ?? new KeptLines(runId, [], 0);
        var all = before.Lines.Count + added.Count;
        var left = Math.Max(0, all - ConnectorGrain.MaxLines);
        var after = new KeptLines(runId, [.. before.Lines.Concat(added).Skip(left)], before.Left + left);
        return state with { Runs = [.. state.Runs.Where(run => run.RunId != runId).Append(after).TakeLast(ConnectorGrain.MaxRuns)] };
    }

    public static IReadOnlyList<ConnectorLine> Of(ConnectorLinesState state, string runId, int limit)
    {
        if (state.Runs.FirstOrDefault(run => run.RunId == runId) is not { } found)
            return [];
        var newest = found.Lines.TakeLast(limit);
        return found.Left == 0 || found.Lines.Count == 0 ? [.. newest]
            : [new ConnectorLine(found.Lines[0].At, ConnectorLineLevel.Information, $"{found.Left} older lines are not kept."), .. newest];
    }
}
