using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>One lane of a pipeline; the key is "tenant/pipeline/lane-n".</summary>
/// <remarks>The work is in <see cref="PartitionLane"/>. An activation that lost its fence to another ends itself.</remarks>
[InTenantPool]
internal sealed partial class PartitionLaneGrain(ILogStore log, IEnumerable<ISourceKind> kinds, IBatchJudges judges, IOptions<PipelineOptions> options, TimeProvider time, ILogger<PartitionLaneGrain> logger, ISecretBox? secrets = null, IPolicies? policies = null, IBulkheads? bulkheads = null) : Grain, IPartitionLaneGrain
{
    private PartitionLane lane = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = TenantKey.Parse(this.GetPrimaryKeyString());
        var index = GrainFactory.GetGrain<IProjectionGrain>(TenantKey.Of(key.Tenant, Projections.Index));
        var connectors = GrainFactory.GetGrain<IConnectorGrain>(TenantKey.Of(key.Tenant, key.Name!));
        var budget = new BatchBudget(options.Value.BatchRecords, options.Value.BatchBytes);
        lane = new PartitionLane(key.Tenant, key.Name!, key.Part!, new LaneParts(log, kinds, judges, time, head => _ = index.Hint(head)) 
        {
            Budget = budget,
            Policies = policies,
            Bulkheads = bulkheads,
            MaskKey = secrets is null ? null : () => secrets.Derive(MaskStep.Purpose(key.Tenant)),
            Told = (run, lines) => _ = connectors.AddLines(run, lines),
            Failed = failure => LogFailed(this.GetPrimaryKeyString(), failure),
        });
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => await lane.DisposeAsync();

    public async Task<LaneAnswer> Step(LaneWork work, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        return Checked(await lane.Step(work, cancellation), began);
    }

    public async Task<LaneAnswer> Sweep(LaneWork work, bool vanished, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        return Checked(await lane.Sweep(work, vanished, cancellation), began);
    }

    public Task Release() => lane.Release();

    private LaneAnswer Checked(LaneAnswer answer, long began)
    {
        PipelineMeter.Batch(answer.Counts, time.GetElapsedTime(began));
        if (lane.IsLost)
            DeactivateOnIdle();
        return answer;
    }

    [LoggerMessage(2105, LogLevel.Warning, "Lane {Lane}: the store failed, and the step is done again")]
    private partial void LogFailed(string lane, Exception failure);
}

/// <summary>A lane as a grain.</summary>
internal sealed class GrainLane(IPartitionLaneGrain grain) : ILane
{
    public Task<LaneAnswer> Step(LaneWork work, CancellationToken cancellation) => grain.Step(work, cancellation);

    public Task<LaneAnswer> Sweep(LaneWork work, bool vanished, CancellationToken cancellation) => grain.Sweep(work, vanished, cancellation);

    public Task Release() => grain.Release();
}
