using Orleans.Runtime;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Goal: one effect and one answer for each key, whoever asks again and whoever dies. Method: real grains over the embedded store; time is moved, writes are made to fail, the effect is a row of the log.</summary>
public sealed class IdempotentTests
{
    private static readonly TenantId Other = TenantId.Parse("other");

    [Fact]
    public async Task Of_a_thousand_callers_at_once_one_does_the_work_and_all_are_told_its_answer()
    {
        await using var world = await IdempotencyWorld.Start();
        var done = 0;
        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => Eventually.Get(() => world.Once("raced", work =>
        {
            Interlocked.Increment(ref done);
            return world.Effect(work.OperationId);
        }), static answer => answer is OnceAnswer.Done, "an answer")));
        Assert.Equal(1, done);
        Assert.Equal(1, await world.Effects());
        Assert.Single(answers.Select(IdempotencyWorld.Said).Distinct());
        Assert.Single(answers, answer => answer is OnceAnswer.Done { Replayed: false });
    }

    [Fact]
    public async Task Where_the_first_caller_dies_the_next_works_when_the_lease_is_over_and_not_before()
    {
        await using var world = await IdempotencyWorld.Start();
        var dead = await world.As(() => world.Key("k").Claim(new IdempotencyClaim("dead", "f", "POST /x", IdempotencyLimits.LongestLease)));
        Assert.Equal(ClaimKind.Granted, dead.Kind);
        var told = Assert.IsType<OnceAnswer.Running>(await world.Once("k", work => world.Effect(work.OperationId)));
        Assert.Equal(dead.Until, told.Until);
        var rest = TimeSpan.FromMinutes(10);
        world.Time.Move(dead.Until - world.Time.GetUtcNow() - rest);
        Assert.IsType<OnceAnswer.Running>(await world.Once("k", work => world.Effect(work.OperationId)));
        await world.Restart();
        Assert.IsType<OnceAnswer.Running>(await world.Once("k", work => world.Effect(work.OperationId)));
        world.Time.Move(rest);
        var wasTakeover = false;
        Assert.IsType<OnceAnswer.Done>(await world.Once("k", work =>
        {
            wasTakeover = work.IsTakeover;
            return world.Effect(work.OperationId);
        }));
        Assert.True(wasTakeover);
        Assert.Equal(1, await world.Effects());
    }

    [Fact]
    public async Task A_repetition_is_answered_also_where_nobody_counts_it()
    {
        await using var world = await IdempotencyWorld.Start();
        var first = IdempotencyWorld.Said(await world.Once("k", work => world.Effect(work.OperationId)));
        world.IsCounted = false;
        var again = Assert.IsType<OnceAnswer.Done>(await world.Once("k", work => world.Effect(work.OperationId)));
        Assert.Equal((true, first), (again.Replayed, IdempotencyWorld.Said(again)));
        Assert.IsType<OnceAnswer.Mismatch>(await world.Once("k", work => world.Effect(work.OperationId), "another"));
        var late = await world.Claim("late", "dead");
        world.Time.Move(IdempotencyWorld.Lease);
        Assert.IsType<OnceAnswer.Done>(await world.Once("late", work => world.Effect(work.OperationId)));
        Assert.False(await world.As(() => world.Key("late").Complete(late.Round, new IdempotentOutcome(500, [], [1]))));
    }

    [Fact]
    public async Task A_kept_answer_that_an_erasure_took_is_told_by_nobody_who_still_remembers_it()
    {
        await using var world = await IdempotencyWorld.Start();
        await world.Once("k", work => world.Effect(work.OperationId));
        Assert.Null(Assert.IsType<OnceAnswer.Done>(await world.Once("k", work => world.Effect(work.OperationId))).Outcome.NotKept); // Its grain has it in memory now.
        Assert.Null(await world.Keys.Forget(PipelineWorld.Tenant, null, 10, default));
        var again = Assert.IsType<OnceAnswer.Done>(await world.Once("k", work => world.Effect(work.OperationId)));
        Assert.Equal((true, 201, 0), (again.Replayed, again.Outcome.Status, again.Outcome.Body.Length));
        Assert.NotNull(again.Outcome.NotKept);
        Assert.Equal(1, await world.Effects());
    }

    [Fact]
    public async Task What_a_worker_says_after_another_took_over_is_refused_and_audited()
    {
        await using var world = await IdempotencyWorld.Start();
        var late = await world.Claim("k", "late");
        world.Time.Move(IdempotencyWorld.Lease);
        var answer = await world.Once("k", work => world.Effect(work.OperationId));
        Assert.False(await world.As(() => world.Key("k").Complete(late.Round, new IdempotentOutcome(500, [], [1]))));
        Assert.False(await world.As(() => world.Key("k").Renew(late.Round, IdempotencyWorld.Lease)));
        Assert.False(await world.As(() => world.Key("k").Release(late.Round, "x")));
        Assert.Equal(IdempotencyWorld.Said(answer), IdempotencyWorld.Said(await world.Once("k", _ => throw new InvalidOperationException("again"))));
        var line = await Eventually.Get(async () => (await world.Log.Current(PipelineWorld.Tenant, IdempotencyAudit.Stream, null, 10, default)).LastOrDefault(), row => row is not null, "a line of the audit");
        var text = System.Text.Encoding.UTF8.GetString(line!.Payload.Span);
        Assert.Contains("\"takenOver\":1", text);
        Assert.Contains("POST /x", text);
    }

    [Fact]
    public async Task A_worker_that_lives_keeps_its_lease_however_long_it_works_and_is_told_where_it_lost_it()
    {
        await using var world = await IdempotencyWorld.Start();
        var (begun, go) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var quick = new OnceRequest(PipelineWorld.Tenant, "long", "f", "POST /x", IdempotencyLimits.ShortestLease);
        var steady = quick with { Lease = TimeSpan.FromSeconds(15) };
        var working = world.As(() => world.Idempotent.Once(steady, async work =>
        {
            begun.SetResult();
            await go.Task;
            return await world.Effect(work.OperationId);
        }, default));
        await begun.Task;
        var since = (await world.As(() => world.Key("long").View()))!.LeaseUntil;
        await Eventually.Get(() => world.As(() => world.Key("long").View()), view => view!.LeaseUntil > since, "a lease that was renewed");
        Assert.IsType<OnceAnswer.Running>(await world.As(() => world.Idempotent.Once(steady, _ => throw new InvalidOperationException("second"), default)));
        go.SetResult();
        Assert.IsType<OnceAnswer.Done>(await working);

        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var robbed = world.As(() => world.Idempotent.Once(quick with { Name = "robbed" }, async work =>
        {
            world.Time.Move(TimeSpan.FromMinutes(1));
            await world.Claim("robbed", "robber");
            await using var told = work.Lost.Register(lost.SetResult);
            await lost.Task;
            return new IdempotentOutcome(200, [], []);
        }, default));
        Assert.Equal(new OnceAnswer.Done(new IdempotentOutcome(200, [], []), false).GetType(), (await robbed).GetType());
        Assert.Equal(IdempotencyState.Running, (await world.As(() => world.Key("robbed").View()))!.State);
    }

    /// <summary>Wherever the answer of a write is lost, whether it took place or not, and then the silo goes: whoever asks again gets the one answer of the one effect.</summary>
    [Theory]
    [InlineData("claim", false)]
    [InlineData("claim", true)]
    [InlineData("effect", false)]
    [InlineData("effect", true)]
    [InlineData("completion", false)]
    [InlineData("completion", true)]
    public async Task A_crash_at_any_step_leaves_one_effect_and_the_same_answer(string step, bool tookPlace)
    {
        await using var world = await IdempotencyWorld.Start(options => options.AuditEvery = TimeSpan.FromHours(1)); // The effect is the log's first entry.
        (world.Keys.FaultAt, world.Keys.TookPlace) = (step switch { "claim" => 1, "completion" => 2, _ => 0 }, tookPlace);
        (world.Log.Owners, world.Log.FaultAt, world.Log.Fault) = ("effects/", step == "effect" ? 1 : 0, tookPlace ? LogFault.UnknownDone : LogFault.UnknownNotDone);
        await Assert.ThrowsAnyAsync<Exception>(() => world.Once("k", work => world.Effect(work.OperationId)));
        Assert.True(world.Keys.Happened || world.Log.Happened);
        await world.Restart();
        world.Time.Move(IdempotencyWorld.Lease);
        var answers = new List<string>();
        for (var i = 0; i < 3; i++)
            answers.Add(IdempotencyWorld.Said(await world.Once("k", work => world.Effect(work.OperationId, writer: 1))));
        Assert.Equal(1, await world.Effects());
        Assert.Single(answers.Distinct());
        Assert.Equal("1", answers[0]);
    }

    [Fact]
    public async Task Work_that_fails_gives_the_key_back_at_once_and_says_why()
    {
        await using var world = await IdempotencyWorld.Start();
        await Assert.ThrowsAsync<RefusedException>(() => world.Once("k", _ => throw new RefusedException(RefusalCode.Busy, "Not now.")));
        var view = (await world.As(() => world.Key("k").View()))!;
        Assert.Equal((IdempotencyState.Released, "Not now.", 1), (view.State, view.Because, view.Attempts));
        Assert.IsType<OnceAnswer.Released>(await world.Once("k", _ => Task.FromResult<IdempotentOutcome?>(null)));
        Assert.IsType<OnceAnswer.Mismatch>(await world.Once("k", _ => throw new InvalidOperationException("other"), fingerprint: "g"));
        Assert.IsType<OnceAnswer.Done>(await world.Once("k", work => world.Effect(work.OperationId)));
    }

    [Fact]
    public async Task The_same_name_in_two_tenants_is_two_keys()
    {
        await using var world = await IdempotencyWorld.Start();
        Assert.IsType<OnceAnswer.Done>(await world.Once("k", work => world.Effect(work.OperationId)));
        Assert.IsType<OnceAnswer.Done>(await world.Once("k", work => world.Effect(work.OperationId, Other), fingerprint: "g", tenant: Other));
        Assert.Equal((1, 1), (await world.Effects(), await world.Effects(Other)));
        await Assert.ThrowsAsync<RefusedException>(() => world.As(() => world.Key("k").View(), Other));
    }

    [Fact]
    public async Task What_is_over_is_forgotten_and_swept()
    {
        await using var world = await IdempotencyWorld.Start(options => (options.KeptFor, options.SweptAtOnce) = (TimeSpan.FromMinutes(1), 2));
        for (var i = 0; i < 5; i++)
            await world.Once($"k{i}", work => world.Effect(work.OperationId));
        Assert.Equal(0, await world.Sweeper.Sweep(default));
        world.Time.Move(TimeSpan.FromMinutes(1));
        Assert.Null(await world.As(() => world.Key("k0").View()));
        Assert.Equal(5, await world.Sweeper.Sweep(default));
        var answer = await world.Once("k0", work => Task.FromResult<IdempotentOutcome?>(new IdempotentOutcome(200, [], "anew"u8.ToArray())));
        Assert.Equal("anew", IdempotencyWorld.Said(answer));
    }

    [Fact]
    public async Task A_lease_that_cannot_be_meant_is_refused()
    {
        await using var world = await IdempotencyWorld.Start();
        foreach (var lease in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromMilliseconds(999), TimeSpan.FromHours(1.1)])
            await Assert.ThrowsAsync<RefusedException>(() => world.As(() => world.Key("k").Claim(new IdempotencyClaim("h", "f", "o", lease))));
    }
}
