using Microsoft.Extensions.DependencyInjection;
using Sophia.Queues;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

// Goal: a run waits for its turn in the tenant's queue, says so, and is never lost there. Method: real grains, workers and store; runs are held by their files, queues by people.
public sealed class RunQueueTests
{
    [Fact]
    public async Task A_run_goes_through_the_queue_and_its_item_ends_with_it()
    {
        await using var world = await Start();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        await Define(world, "crm");
        var run = await world.As(pipeline => pipeline.Start(new StartRun(OperationId: "op-1")));
        Assert.Equal((RunState.Running, null), (run.State, run.Error));
        Assert.Equal((RunState.Succeeded, 3L), await world.Ended(run.RunId) is var ended ? (ended.State, ended.Counts.Stored) : default);
        Assert.Equal(run.RunId, (await world.As(pipeline => pipeline.Start(new StartRun(OperationId: "op-1")))).RunId);
        var runs = await Eventually.Get(() => Counts(world), view => view.Done == 1, "the end of its item");
        Assert.Equal((1, 0, 0), (runs.Accepted, runs.Pending, runs.Dead));
    }

    [Fact]
    public async Task Of_more_runs_than_may_go_the_others_say_how_far_they_are_and_who_is_waited_for_goes_first()
    {
        await using var world = await Start(queue => queue.MaxRuns = 1);
        var gate = new TaskCompletionSource();
        world.Files.WriteDeals("a.jsonl", 1);
        world.Files.Hold = (0, () => gate.Task);
        foreach (var name in (string[])["crm", "late", "hand"])
            await Define(world, name);
        var first = await In(world, "crm", pipeline => pipeline.Start(new StartRun()));
        await Eventually.Comes(() => world.Files.Hold is null, "the first run's first batch");
        var late = await In(world, "late", pipeline => pipeline.Start(new StartRun(Reason: "schedule")));
        var hand = await In(world, "hand", pipeline => pipeline.Start(new StartRun()));
        var told = await Eventually.Get(() => In(world, "late", pipeline => pipeline.Run(late.RunId)), run => run!.Error?.Contains("place 2 of 2", StringComparison.Ordinal) == true, "its place");
        Assert.Equal(RunState.Running, told!.State);
        Assert.Contains("Waiting: in the queue since", told.Error);
        await Eventually.Comes(async () => (await In(world, "hand", pipeline => pipeline.Run(hand.RunId)))!.Error?.Contains("place 1 of 2", StringComparison.Ordinal) == true, "the place of who is waited for");
        Assert.Equal(0, (await In(world, "late", pipeline => pipeline.Run(late.RunId)))!.Counts.In);
        gate.SetResult();
        var ends = new List<DateTimeOffset>();
        foreach (var (name, run) in (IEnumerable<(string, string)>)[("crm", first.RunId), ("hand", hand.RunId), ("late", late.RunId)])
        {
            var ended = await Eventually.Get(() => In(world, name, pipeline => pipeline.Run(run)), run => run!.EndedAt is not null, $"the end of {name}");
            Assert.Equal((RunState.Succeeded, null), (ended!.State, ended.Error));
            ends.Add(ended.EndedAt!.Value);
        }
        Assert.Equal(ends.Order(), ends);
    }

    [Fact]
    public async Task A_waiting_run_outlives_its_process_and_one_that_has_begun_needs_no_second_turn()
    {
        await using var world = await Start();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4, 5, 6);
        await Define(world, "crm");
        await Hold(world, true);
        var run = await world.As(pipeline => pipeline.Start(new StartRun()));
        await Eventually.Comes(async () => (await world.As(pipeline => pipeline.Run(run.RunId)))!.Error?.EndsWith("the queue is held: repairs", StringComparison.Ordinal) == true, "why it waits");
        await world.Down();
        await world.Up();
        Assert.Equal(RunState.Running, (await world.As(pipeline => pipeline.Run(run.RunId)))!.State);
        await Eventually.Comes(async () => (await world.As(pipeline => pipeline.Run(run.RunId)))!.Error?.Contains("place 1 of 1", StringComparison.Ordinal) == true, "its place after the restart");
        await Hold(world, false);
        Assert.Equal(RunState.Succeeded, (await world.Ended(run.RunId)).State);

        // One whose turn had come goes on at once: nobody hands anything out meanwhile.
        var gate = new TaskCompletionSource();
        world.Files.WriteDeals("b.jsonl", 7, 8, 9, 10);
        world.Files.Hold = (2, () => gate.Task);
        var second = await world.As(pipeline => pipeline.Start(new StartRun()));
        await Eventually.Comes(() => world.Files.Hold is null, "its second batch");
        var down = world.Down();
        gate.SetResult();
        await down;
        await world.Up();
        await Hold(world, true);
        Assert.Equal(RunState.Succeeded, (await world.Ended(second.RunId)).State);
    }

    [Fact]
    public async Task A_waiting_run_can_be_cancelled_and_paused_and_a_lost_place_is_asked_for_again()
    {
        await using var world = await Start();
        world.Files.WriteDeals("a.jsonl", 1);
        await Define(world, "crm");
        await Hold(world, true);
        var cancelled = await world.As(pipeline => pipeline.Start(new StartRun()));
        Assert.Equal(RunState.Cancelled, (await world.As(pipeline => pipeline.Cancel())).State);
        var run = await world.As(pipeline => pipeline.Start(new StartRun()));
        Assert.Equal(RunState.Paused, (await world.As(pipeline => pipeline.Pause())).State);
        Assert.Equal(RunState.Running, (await world.As(pipeline => pipeline.Resume())).State);
        var store = world.Services.GetRequiredService<IQueueStore>();
        var items = (await store.List(PipelineWorld.Tenant, new WorkQuery(WorkLimits.RunsQueue, State: WorkState.Pending), true, default)).Items;
        Assert.Equal(3, items.Count);
        // Somebody takes all of them out of the queue; the run that waits puts itself in again.
        await store.Change(PipelineWorld.Tenant, [.. items.Select(item => item.Id)], new WorkDecision.Quarantine("by mistake"), DateTimeOffset.UtcNow, default);
        await Eventually.Comes(async () => (await world.As(pipeline => pipeline.Run(run.RunId)))!.Error?.Contains("held back there as item", StringComparison.Ordinal) == true, "that it is held back");
        await store.Change(PipelineWorld.Tenant, [.. items.Select(item => item.Id)], new WorkDecision.Purge(), DateTimeOffset.UtcNow, default);
        await Eventually.Comes(async () => (await Counts(world)).Pending == 1, "its new place");
        await Hold(world, false);
        Assert.Equal(RunState.Succeeded, (await world.Ended(run.RunId)).State);
        Assert.Equal((RunState.Cancelled, 0L), await world.As(pipeline => pipeline.Run(cancelled.RunId)) is { } so ? (so.State, so.Counts.In) : default);
    }

    [Fact]
    public void A_run_of_before_the_queue_has_begun()
    {
        var state = System.Text.Json.JsonSerializer.Deserialize<KeptRun>("""{"RunId":"crm-1","DefinitionText":"x","DefinitionVersion":1,"FullRefresh":false}""")!;
        Assert.Equal((null, 0L), (state.WaitsSince, state.Item));
    }

    [Fact]
    public async Task Work_that_names_no_run_is_given_up_and_one_that_is_over_is_done()
    {
        await using var world = await Start();
        await Define(world, "crm");
        await Queue(world, queue => queue.Enqueue([new NewWork(WorkLimits.RunsQueue, "run", "{\"pipeline\":\"../x\",\"run\":\"1\"}"), new NewWork(WorkLimits.RunsQueue, "run", "7"), RunHandler.Of("crm", "crm-none", true)], default));
        var view = await Eventually.Get(() => Counts(world), view => view.Dead == 2, "two dead letters");
        await Eventually.Get(() => Counts(world), view => view.Done == 1, "the end of the third");
        Assert.Equal(3, view.Accepted);
    }

    private static Task<PipelineHost> Start(Action<QueueOptions>? configure = null) => PipelineHost.Start(services => services.AddSingleton(new Random(1)).AddSophiaQueues(queue =>
    {
        (queue.LeaseFor, queue.OfferEvery) = (TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(50));
        configure?.Invoke(queue);
    }));

    private static Task Define(PipelineHost world, string name) => In(world, name, pipeline => pipeline.Define(PipelineWorld.Definition.Replace("name: crm", $"name: {name}", StringComparison.Ordinal), $"{name}.yaml"));

    private static async Task<T> In<T>(PipelineHost world, string name, Func<IPipelineGrain, Task<T>> ask)
    {
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        return await ask(world.Grains.GetGrain<IPipelineGrain>(TenantKey.Of(PipelineWorld.Tenant, name)));
    }

    private static async Task<T> Queue<T>(PipelineHost world, Func<IWorkQueueGrain, Task<T>> ask)
    {
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        return await ask(world.Grains.GetGrain<IWorkQueueGrain>(TenantKey.Of(PipelineWorld.Tenant)));
    }

    private static Task<QueueView> Counts(PipelineHost world) => Queue(world, async queue => (await queue.View()).Single(view => view.Queue == WorkLimits.RunsQueue));

    private static Task Hold(PipelineHost world, bool held) => Queue(world, async queue =>
    {
        await (held ? queue.Hold(WorkLimits.RunsQueue, "repairs", "ada") : queue.LetGo(WorkLimits.RunsQueue, "mended", "ada"));
        return true;
    });
}
