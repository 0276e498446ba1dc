namespace Sophia.Runtime.Contract;

public interface ITurnGrain : IGrainWithStringKey
{
    Task Slow(string gate);

    Task<int> Next();

    [AlwaysInterleave]
    Task Open(string gate);

    [ReadOnly]
    Task ReadSlow(string gate);

    [ReadOnly]
    Task ReadOpen(string gate);

    Task<bool> UnawaitedWorkStaysInTurns();

    Task CallBack(string other);

    /// <summary>Without leave to come back: nobody answers.</summary>
    [ResponseTimeout(Soon)]
    Task CallBackInVain(string other);

    Task Answer(string back);

    [ResponseTimeout(Soon)]
    Task AnswerInVain(string back);

    [ResponseTimeout(Soon)]
    Task<int> NextInVain();

    [ResponseTimeout(Soon)]
    Task<string> Ring(string[] rest);

    /// <summary>How long is waited for an answer that cannot come.</summary>
    const string Soon = "00:00:02";

    [OneWay]
    Task FireAndForget(string line);

    Task Throw();
}

public class TurnGrain(Journal journal) : Grain, ITurnGrain
{
    private readonly Dictionary<string, TaskCompletionSource> _gates = [];
    private int _number;

    public async Task Slow(string gate)
    {
        journal.Write(gate, "in");
        await Gate(gate).Task;
        journal.Write(gate, "out");
    }

    public Task<int> Next() => Task.FromResult(++_number);

    public Task Open(string gate)
    {
        Gate(gate).TrySetResult();
        return Task.CompletedTask;
    }

    public Task ReadSlow(string gate) => Slow(gate);

    public Task ReadOpen(string gate) => Open(gate);

    public async Task<bool> UnawaitedWorkStaysInTurns()
    {
        var scheduler = TaskScheduler.Current;
        var started = Task.Factory.StartNew(() => TaskScheduler.Current == scheduler);
        await Task.Yield();
        return await started && TaskScheduler.Current == scheduler && scheduler != TaskScheduler.Default;
    }

    public async Task CallBack(string other)
    {
        using var section = RequestContext.AllowCallChainReentrancy();
        await GrainFactory.GetGrain<ITurnGrain>(other).Answer(this.GetPrimaryKeyString());
    }

    public Task CallBackInVain(string other) => GrainFactory.GetGrain<ITurnGrain>(other).AnswerInVain(this.GetPrimaryKeyString());

    public Task Answer(string back) => GrainFactory.GetGrain<ITurnGrain>(back).Next();

    public Task AnswerInVain(string back) => GrainFactory.GetGrain<ITurnGrain>(back).NextInVain();

    public Task<int> NextInVain() => Next();

    public Task<string> Ring(string[] rest) => rest.Length == 0
        ? Task.FromResult(this.GetPrimaryKeyString())
        : GrainFactory.GetGrain<ITurnGrain>(rest[0]).Ring(rest[1..]);

    public Task FireAndForget(string line)
    {
        journal.Write(line, "arrived");
        throw new InvalidOperationException("nobody hears this");
    }

    public async Task Throw()
    {
        await Task.Yield();
        throw new KeyNotFoundException("no such key");
    }

    private TaskCompletionSource Gate(string name)
    {
        if (!_gates.TryGetValue(name, out var gate))
            _gates.Add(name, gate = new());
        return gate;
    }
}

public interface IReentrantGrain : IGrainWithStringKey
{
    Task Wait();

    Task Release();
}

[Reentrant]
public sealed class ReentrantGrain : Grain, IReentrantGrain
{
    private readonly TaskCompletionSource _gate = new();

    public Task Wait() => _gate.Task;

    public Task Release()
    {
        _gate.TrySetResult();
        return Task.CompletedTask;
    }
}

public interface IWorkerGrain : IGrainWithIntegerKey
{
    Task Meet(int parties, string room);
}

[StatelessWorker(4)]
public sealed class WorkerGrain(Journal journal) : Grain, IWorkerGrain
{
    public async Task Meet(int parties, string room)
    {
        journal.Write(room, "here");
        await journal.Until(room, lines => lines.Count >= parties);
    }
}

/// <summary>One turn at a time, and what may interleave.</summary>
[Collection(Contract.Name)]
public sealed class TurnTests(RuntimeFixture runtime)
{
    private Journal Journal => runtime.Journal;

    private ITurnGrain Grain(string key) => runtime.Grains.GetGrain<ITurnGrain>(key);

    [Fact]
    public async Task A_call_runs_to_its_end_before_the_next_begins_and_interleaving_is_granted_per_method()
    {
        var grain = Grain("turns");
        var slow = grain.Slow("gate1");
        await Journal.Until("gate1", lines => lines.Count == 1);
        var next = grain.Next();
        await grain.Open("other");
        Assert.False(next.IsCompleted);
        await grain.Open("gate1");
        await slow;
        Assert.Equal(1, await next);
    }

    [Fact]
    public async Task Read_only_calls_interleave_with_each_other()
    {
        var grain = Grain("readers");
        var slow = grain.ReadSlow("gate2");
        await Journal.Until("gate2", lines => lines.Count == 1);
        await grain.ReadOpen("gate2");
        await slow;
    }

    [Fact]
    public async Task A_reentrant_grain_interleaves_at_awaits()
    {
        var grain = runtime.Grains.GetGrain<IReentrantGrain>("r");
        var wait = grain.Wait();
        await grain.Release();
        await wait;
    }

    [Fact]
    public async Task Calls_that_do_not_wait_for_each_other_each_run_once_in_an_order_that_nobody_promises()
    {
        var grain = Grain("order");
        var calls = Enumerable.Range(0, 500).Select(_ => grain.Next()).ToArray();
        Assert.Equal(Enumerable.Range(1, 500), (await Task.WhenAll(calls)).Order());
    }

    [Fact]
    public async Task Continuations_and_tasks_that_a_grain_starts_run_in_its_turns() =>
        Assert.True(await Grain("scheduler").UnawaitedWorkStaysInTurns());

    [Fact]
    public async Task A_call_chain_may_come_back_only_where_it_was_allowed()
    {
        await Grain("host").CallBack("guest");
        await Assert.ThrowsAsync<TimeoutException>(() => Grain("host2").CallBackInVain("guest2"));
    }

    [Fact]
    public async Task A_cycle_of_calls_ends_in_a_timeout()
    {
        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => Grain("ring1").Ring(["ring2", "ring3", "ring1"]));
        Assert.NotNull(timeout.Message);
    }

    [Fact]
    public async Task A_one_way_call_returns_at_once_and_swallows_what_the_callee_throws()
    {
        await Grain("oneway").FireAndForget("oneway-line");
        await Journal.Until("oneway-line", lines => lines.Count == 1);
    }

    [Fact]
    public async Task An_exception_reaches_the_caller_with_its_type_and_text() =>
        Assert.Equal("no such key", (await Assert.ThrowsAsync<KeyNotFoundException>(Grain("throws").Throw)).Message);

    // One after the other: a worker that has taken a call off its queue and not begun it looks free to Orleans, and the next call would wait behind it.
    [Fact]
    public async Task A_stateless_worker_serves_calls_side_by_side()
    {
        var calls = new List<Task>();
        for (var party = 1; party <= 4; party++)
        {
            calls.Add(runtime.Grains.GetGrain<IWorkerGrain>(1).Meet(4, "room"));
            await Journal.Until("room", lines => lines.Count >= party);
        }
        await Task.WhenAll(calls);
    }
}
