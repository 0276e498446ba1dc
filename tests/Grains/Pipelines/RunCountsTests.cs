using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Goal: no batch is missing from a run's counts, whoever stored it and whenever. Method: after every reading of the run's row, and before it is written, a lane of another activation adds a batch.</summary>
public sealed class RunCountsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_batch_that_comes_between_the_reading_of_a_run_and_its_writing_is_counted_and_shown()
    {
        await using var world = new PipelineWorld();
        var meddling = new MeddlingRuns(world.Runs, world.Log);
        var keeper = new RunKeeper(PipelineWorld.Tenant, "crm", world.Log, meddling, world.Time);
        await keeper.Apply(new RunEvent.Start(new RunRow("crm-1", "crm", 1, false, RunState.Running, "asked", Noon, Noon, null, TimeSpan.Zero, new RunCounts(), 0, 0, null, null, 0)), default);
        keeper.GoLive();
        meddling.IsOn = true;
        await keeper.Planned(new RunPlan { ToRead = [], Vanished = [], Unreadable = [], Listed = new HashSet<string>(), Current = 0, Settling = 0, ListingHash = 0 }, default);
        foreach (var happened in (RunEvent[])[new RunEvent.Pause(), new RunEvent.Resume(), new RunEvent.Finish()])
            await keeper.Apply(happened, default);
        meddling.IsOn = false;
        var row = (await world.Runs.Find(PipelineWorld.Tenant, "crm-1", default))!;
        Assert.Equal((RunState.Succeeded, meddling.Added, meddling.Added), (row.State, row.Counts.In, row.Counts.Stored));
        Assert.InRange(meddling.Added, 4, 100);
        // The last batch came after the last reading of all.
        Assert.Equal(meddling.Added - 1, keeper.View()!.Counts.Stored);
        await keeper.Load(default);
        Assert.Equal(meddling.Added, keeper.View()!.Counts.Stored);
    }

    /// <summary>Adds a batch after each reading of a run.</summary>
    private sealed class MeddlingRuns(IRunStore inner, ILogStore log) : IRunStore
    {
        private Fence? fence;

        public bool IsOn { get; set; }

        public long Added { get; private set; }

        public async Task<RunRow?> Find(TenantId tenant, string runId, CancellationToken cancellation)
        {
            var found = await inner.Find(tenant, runId, cancellation);
            if (!IsOn)
                return found;
            fence ??= await log.Acquire(tenant, "another lane", cancellation);
            var added = await log.Append(tenant, new AppendBatch
            {
                Fence = fence,
                At = Noon,
                Run = runId,
                Entries = [new NewEntry(EntryType.Record, "deals", $"{++Added}", RecordOperation.Upsert, "{}"u8.ToArray(), 1)],
                RunDelta = new RunDelta(runId, new RunCounts(In: 1)),
            }, cancellation);
            fence = ((AppendOutcome.Committed)added).Next;
            return found;
        }

        public Task<IReadOnlyList<RunStreamView>> Streams(TenantId tenant, RunRow run, CancellationToken cancellation) => inner.Streams(tenant, run, cancellation);

        public Task<IReadOnlyList<RunRow>> Recent(TenantId tenant, string? pipeline, int limit, CancellationToken cancellation) => inner.Recent(tenant, pipeline, limit, cancellation);

        public Task<IReadOnlyList<UnreadableView>> Unreadable(TenantId tenant, string runId, int limit, CancellationToken cancellation) => inner.Unreadable(tenant, runId, limit, cancellation);
    }
}
