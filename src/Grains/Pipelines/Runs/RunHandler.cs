using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Queues;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Tells a pipeline that its run's turn has come, and keeps the run's place for as long as it goes.</summary>
/// <remarks>The run itself is the pipeline's matter, and goes on by itself where this worker dies: what comes back to the queue is its place.</remarks>
internal sealed class RunHandler(IGrainFactory grains, TimeProvider time) : IWorkHandler
{
    public const string OwnKind = "run";

    /// <summary>How often it is asked whether the run still goes: a quarter of the time that it went, between these.</summary>
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(10), Latest = TimeSpan.FromSeconds(1);

    public string Kind => OwnKind;

    public TimeSpan? AttemptFor => Timeout.InfiniteTimeSpan;

    /// <param name="byHand">A person waits for it.</param>
    public static NewWork Of(string pipeline, string runId, bool byHand) =>
        new(WorkLimits.RunsQueue, OwnKind, JsonSerializer.Serialize(new AskedRun(pipeline, runId), RunWorkJson.Default.AskedRun))
        {
            Priority = byHand ? 7 : 5,
            MaxAttempts = WorkLimits.MaxAttempts,
            Origin = $"pipeline {pipeline}",
        };

    public async Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation)
    {
        if (Asked(work.Payload) is not { } asked)
            return new WorkVerdict.Rejected("The payload is not of the form {\"pipeline\", \"run\"}.");
        using var _ = CallerContext.ForSystem("a run's turn"); // Also of a tenant that is suspended meanwhile: its run waits, and has its place.
        var pipeline = grains.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, asked.Pipeline));
        var began = time.GetTimestamp();
        while (await pipeline.Turn(asked.Run))
        {
            var wait = time.GetElapsedTime(began) / 4;
            await Task.Delay(wait < Soonest ? Soonest : wait > Latest ? Latest : wait, time, cancellation);
        }
        return WorkVerdict.Done;
    }

    private static AskedRun? Asked(string payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, RunWorkJson.Default.AskedRun) is { Run.Length: > 0 } asked && TenantId.IsName(asked.Pipeline) ? asked : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The payload of such work.</summary>
internal sealed record AskedRun(string Pipeline, string Run);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AskedRun))]
internal sealed partial class RunWorkJson : JsonSerializerContext;
