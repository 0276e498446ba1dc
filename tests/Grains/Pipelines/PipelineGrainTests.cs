using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Pipelines;

/// <summary>A pipeline's grain in a silo: what is asked of it, and what survives a restart.</summary>
public sealed class PipelineGrainTests
{
    [Fact]
    public async Task A_pipeline_is_defined_run_and_seen()
    {
        await using var world = await PipelineHost.Start();
        world.Files.WriteDeals("a.jsonl", 1, 2, 3, 4, 5);
        world.Files.WriteDeals("b.jsonl", 6, 7);
        var view = await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        Assert.Equal((1, null, null), (view.Version, view.ActiveRun, view.LastRun));
        var started = await world.As(pipeline => pipeline.Start(new StartRun()));
        var ended = await world.Ended(started.RunId);
        Assert.Equal((RunState.Succeeded, null, 7L, 2), (ended.State, ended.Error, ended.Counts.Stored, ended.PartitionsDone));
        view = (await world.As(pipeline => pipeline.View()))!;
        Assert.Equal((null, started.RunId), (view.ActiveRun, view.LastRun!.RunId));
        Assert.NotNull((await world.Until(async pipeline => (await pipeline.Run(started.RunId))!, run => run.SearchableAt is not null)).SearchableAt);
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        var directory = world.Grains.GetGrain<IPipelineDirectoryGrain>("acme");
        Assert.Equal("crm", Assert.Single(await directory.Names()));
        Assert.Equal(started.RunId, Assert.Single(await directory.RecentRuns(10)).RunId);
    }

    [Fact]
    public async Task A_wrong_definition_is_refused_with_every_mistake_and_changes_nothing()
    {
        await using var world = await PipelineHost.Start();
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        var refused = await Assert.ThrowsAsync<RefusedException>(() => world.As(pipeline => pipeline.Define("name: crm\nsource: {type: files}\nparallelism: x", "crm.yaml")));
        Assert.Equal((RefusalCode.Invalid, 2), (refused.Code, refused.Errors.Count));
        Assert.Equal(1, (await world.As(pipeline => pipeline.View()))!.Version);
        Assert.Equal(1, (await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "again.yaml"))).Version);
        Assert.Equal(2, (await world.As(pipeline => pipeline.Define(PipelineWorld.Definition + "parallelism: 1\n", "crm.yaml"))).Version);
    }

    [Fact]
    public async Task Who_states_a_definition_is_told_what_it_replaced()
    {
        await using var world = await PipelineHost.Start();
        var (first, same, second) = (await world.As(p => p.Define(PipelineWorld.Definition, "crm.yaml")), await world.As(p => p.Define(PipelineWorld.Definition, "crm.yaml")),
            await world.As(p => p.Define(PipelineWorld.Definition + "parallelism: 1\n", "crm.yaml")));
        Assert.Equal([(0, 1), (1, 1), (1, 2)], new[] { first, same, second }.Select(view => (view.Change!.Replaced, view.Version)));
        Assert.Empty(same.Change!.Lines);
        Assert.Equal("+ parallelism: 1", Assert.Single(second.Change!.Lines));
        Assert.Null((await world.As(p => p.View()))!.Change);
    }

    [Fact]
    public void A_difference_names_the_lines_that_went_and_came_and_is_bounded()
    {
        Assert.Equal(["- b", "+ x"], DefinitionDifference.Between("a\nb\nc\n", "a\r\nx\nc"));
        Assert.Equal(["- a"], DefinitionDifference.Between("a\na\nb", "a\nb"));
        Assert.Equal(DefinitionDifference.MostLines, DefinitionDifference.Between("", string.Join('\n', Enumerable.Range(0, 500))).Count);
    }

    [Fact]
    public async Task The_same_operation_starts_one_run_also_after_a_restart()
    {
        await using var world = await PipelineHost.Start();
        world.Files.WriteDeals("a.jsonl", 1);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        var first = await world.As(pipeline => pipeline.Start(new StartRun(OperationId: "op-1")));
        Assert.Equal(first.RunId, (await world.As(pipeline => pipeline.Start(new StartRun(OperationId: "op-1")))).RunId);
        await world.Ended(first.RunId);
        await world.Down();
        await world.Up();
        Assert.Equal((first.RunId, RunState.Succeeded), await world.As(async pipeline => await pipeline.Start(new StartRun(OperationId: "op-1")) is var run ? (run.RunId, run.State) : default));
        Assert.Single(await world.As(pipeline => pipeline.Runs(10)));
    }

    [Fact]
    public async Task A_paused_run_stands_still_through_a_restart_and_goes_on_when_asked()
    {
        await using var world = await PipelineHost.Start();
        var gate = Slow(world);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        var started = await world.As(pipeline => pipeline.Start(new StartRun()));
        await world.Until(async pipeline => (await pipeline.Run(started.RunId))!, run => run.Counts.Stored > 0);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => world.As(pipeline => pipeline.Start(new StartRun())));
        Assert.Equal((RefusalCode.Conflict, true), (refused.Code, refused.Message.Contains(started.RunId, StringComparison.Ordinal)));
        var paused = await world.As(pipeline => pipeline.Pause());
        Assert.Equal((RunState.Paused, null), (paused.State, paused.EndedAt));
        await world.Down();
        await world.Up();
        Assert.Equal((RunState.Paused, paused.Counts), await world.As(async pipeline => await pipeline.Run(started.RunId) is { } run ? (run.State, run.Counts) : default));
        Assert.Equal(RunState.Running, (await world.As(pipeline => pipeline.Resume())).State);
        var ended = await world.Ended(started.RunId);
        Assert.Equal((RunState.Succeeded, (long)gate, (long)gate), (ended.State, ended.Counts.In, ended.Counts.Stored));
    }

    [Fact]
    public async Task A_run_goes_on_by_itself_after_a_restart()
    {
        await using var world = await PipelineHost.Start();
        var records = Slow(world);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        var started = await world.As(pipeline => pipeline.Start(new StartRun()));
        await world.Until(async pipeline => (await pipeline.Run(started.RunId))!, run => run.Counts.Stored > 0);
        await world.Down();
        await world.Up();
        var ended = await world.Ended(started.RunId);
        Assert.Equal((RunState.Succeeded, (long)records, (long)records), (ended.State, ended.Counts.In, ended.Counts.Stored));
        Assert.Equal(2, ended.PartitionsDone);
    }

    [Fact]
    public async Task A_cancelled_run_keeps_what_it_stored_and_ends()
    {
        await using var world = await PipelineHost.Start();
        Slow(world);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        var started = await world.As(pipeline => pipeline.Start(new StartRun()));
        await world.Until(async pipeline => (await pipeline.Run(started.RunId))!, run => run.Counts.Stored > 0);
        var cancelled = await world.As(pipeline => pipeline.Cancel());
        Assert.Equal(RunState.Cancelled, cancelled.State);
        var stored = (await world.Log.Streams(PipelineWorld.Tenant, default)).Single(stream => stream.Stream == "deals").Records;
        Assert.Equal(cancelled.Counts.Stored, stored);
        await Assert.ThrowsAsync<RefusedException>(() => world.As(pipeline => pipeline.Resume()));
        Assert.Equal(RunState.Cancelled, (await world.As(pipeline => pipeline.Cancel())).State);
    }

    [Fact]
    public async Task A_watched_source_is_read_when_it_changes_and_only_then()
    {
        await using var world = await PipelineHost.Start();
        world.Files.WriteDeals("a.jsonl", 1);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition.Replace("path: /data", "path: /data, watch: true, watchEvery: 1s"), "crm.yaml"));
        await world.Until(pipeline => pipeline.Runs(10), runs => runs is [{ State: RunState.Succeeded, Reason: "changed" }]);
        world.Files.WriteDeals("b.jsonl", 2);
        var runs = await world.Until(pipeline => pipeline.Runs(10), runs => runs is [{ State: RunState.Succeeded }, _]);
        Assert.Equal((1L, 1L), (runs[0].Counts.In, runs[0].Counts.Stored));
    }

    [Fact]
    public async Task A_watched_change_whose_run_could_not_start_is_tried_again()
    {
        await using var world = await PipelineHost.Start(services =>
        {
            var real = services.Last(service => service.ServiceType == typeof(ILogStore));
            services.AddSingleton<ILogStore>(all => new FaultyLog((ILogStore)(real.ImplementationFactory?.Invoke(all) ?? ActivatorUtilities.CreateInstance(all, real.ImplementationType!))) { Owners = "/run", FaultAt = 1, Fault = LogFault.Full });
        });
        world.Files.WriteDeals("a.jsonl", 1);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition.Replace("path: /data", "path: /data, watch: true, watchEvery: 1s"), "crm.yaml"));
        var runs = await world.Until(pipeline => pipeline.Runs(10), runs => runs is [{ State: RunState.Succeeded }]);
        Assert.Equal(1, runs[0].Counts.Stored);
        Assert.True(((FaultyLog)world.Log).Happened);
    }

    [Fact]
    public async Task A_watched_source_that_cannot_be_listed_holds_up_no_other()
    {
        await using var world = await PipelineHost.Start();
        world.Files.WriteDeals("a.jsonl", 1);
        world.Files.UnlistablePath = "/gone";
        await world.As(pipeline => pipeline.Define(
            "name: crm\nsources: [{type: files, name: one, path: /gone, watch: true, watchEvery: 1s}, {type: files, name: two, path: /data, watch: true, watchEvery: 1s}]\nstreams: {deals: {key: id}}\n", "crm.yaml"));
        var runs = await world.Until(pipeline => pipeline.Runs(10), runs => runs is [{ EndedAt: not null }]);
        Assert.Equal((RunState.Failed, 1L), (runs[0].State, runs[0].Counts.Stored));
    }

    [Fact]
    public async Task A_run_that_the_store_failed_goes_on_by_itself_once_there_is_room()
    {
        await using var world = await PipelineHost.Start(services =>
        {
            var real = services.Last(service => service.ServiceType == typeof(ILogStore));
            services.AddSingleton<ILogStore>(all => new FaultyLog((ILogStore)(real.ImplementationFactory?.Invoke(all) ?? ActivatorUtilities.CreateInstance(all, real.ImplementationType!))) { Owners = "/lane-", FaultAt = 1, Fault = LogFault.Full });
        });
        world.Files.WriteDeals("a.jsonl", 1, 2, 3);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        var failed = await world.Ended((await world.As(pipeline => pipeline.Start(new StartRun(Reason: "asked")))).RunId);
        Assert.Equal(RunState.Failed, failed.State);
        Assert.Contains("goes on by itself", failed.Error);
        using (CallerContext.ForSystem("test"))
            await world.Pipeline.AsReference<IRemindable>().ReceiveReminder("wake", default);
        var ended = await world.Until(async pipeline => (await pipeline.Run(failed.RunId))!, run => run.State == RunState.Succeeded);
        Assert.Equal(3, ended.Counts.Stored);
    }

    [Fact]
    public async Task A_removed_pipeline_is_forgotten_and_its_records_stay()
    {
        await using var world = await PipelineHost.Start();
        world.Files.WriteDeals("a.jsonl", 1);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition + "schedule: every 5m\n", "crm.yaml"));
        await world.Ended((await world.As(pipeline => pipeline.Start(new StartRun()))).RunId);
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        await world.Pipeline.Remove();
        Assert.Null(await world.Pipeline.View());
        Assert.Empty(await world.Grains.GetGrain<IPipelineDirectoryGrain>("acme").Names());
        Assert.Equal(1, await world.Log.Head(PipelineWorld.Tenant, default));
        Assert.Equal(2, (await world.Pipeline.Define(PipelineWorld.Definition, "crm.yaml")).Version);
    }

    [Fact]
    public async Task A_pipeline_is_removed_also_in_the_moment_its_run_ends()
    {
        var (ends, isRemoved) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var world = await PipelineHost.Start(services =>
        {
            var real = services.Last(service => service.ServiceType == typeof(ILogStore));
            services.AddSingleton<ILogStore>(all => new FaultyLog((ILogStore)(real.ImplementationFactory?.Invoke(all) ?? ActivatorUtilities.CreateInstance(all, real.ImplementationType!)))
            {
                Comes = batch =>
                {
                    if (batch.RunRow is not { State: RunState.Succeeded })
                        return Task.CompletedTask;
                    ends.TrySetResult();
                    return isRemoved.Task;
                },
            });
            services.AddSingleton<IIncomingGrainCallFilter>(new Waits(isRemoved));
        });
        world.Files.WriteDeals("a.jsonl", 1);
        await world.As(pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        var started = await world.As(pipeline => pipeline.Start(new StartRun()));
        await ends.Task;
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        await world.Pipeline.Remove();
        Assert.Null(await world.Pipeline.View());
        Assert.Equal(RunState.Succeeded, (await world.Pipeline.Run(started.RunId))!.State);
    }

    [Fact]
    public async Task A_webhook_makes_its_own_secret_and_stores_before_it_answers()
    {
        await using var world = await PipelineHost.Start();
        var view = await world.As(pipeline => pipeline.Define("source: {type: github-webhook, secret: generated}", "crm.yaml"));
        Assert.Equal("/hooks/acme/crm", view.Sources[0].WebhookPath);
        Assert.DoesNotContain(PipelineHost.MadeSecret, view.ToString());
        Assert.Equal(PipelineHost.MadeSecret, await world.As(pipeline => pipeline.WebhookSecret()));
        var body = """{"issue":{"id":7}}"""u8.ToArray();
        var headers = new Dictionary<string, string>
        {
            ["x-github-event"] = "issues",
            ["x-github-delivery"] = "d-1",
            ["x-hub-signature-256"] = "sha256=" + Convert.ToHexStringLower(WebhookSignature.Of(body, null, PipelineHost.MadeSecret)),
        };
        Assert.Equal(DeliveryOutcome.Stored, (await world.As(pipeline => pipeline.Deliver(new WebhookDelivery(headers, body)))).Outcome);
        Assert.Equal(DeliveryOutcome.Duplicate, (await world.As(pipeline => pipeline.Deliver(new WebhookDelivery(headers, body)))).Outcome);
        Assert.NotNull(await world.Log.Newest(PipelineWorld.Tenant, "github/issues", "7", default));
        await world.Down();
        await world.Up();
        Assert.Equal((1L, 0L), await world.As(pipeline => pipeline.View()) is { Deliveries: { LastAt: not null } taken } ? (taken.Stored, taken.Quarantined) : default);
        headers["x-github-delivery"] = "d-2";
        await world.As(pipeline => pipeline.Deliver(new WebhookDelivery(headers, body)));
        Assert.Equal(2, (await world.As(pipeline => pipeline.View()))!.Deliveries!.Stored);
        Assert.Equal(RefusalCode.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => world.As(pipeline => pipeline.Start(new StartRun())))).Code);
    }

    /// <summary>Tells that a pipeline's removal has come as far as it comes without waiting.</summary>
    private sealed class Waits(TaskCompletionSource isRemoved) : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            var call = context.Invoke();
            if ((context.InterfaceMethod?.DeclaringType, context.InterfaceMethod?.Name) == (typeof(IPipelineGrain), nameof(IPipelineGrain.Remove)))
                isRemoved.TrySetResult();
            await call;
        }
    }

    // Enough batches that a run is seen while it goes.
    private static int Slow(PipelineHost world)
    {
        world.Files.WriteDeals("a.jsonl", [.. Enumerable.Range(1, 1_000)]);
        world.Files.WriteDeals("b.jsonl", [.. Enumerable.Range(1_001, 1_000)]);
        return 2_000;
    }
}
