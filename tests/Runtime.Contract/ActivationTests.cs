namespace Sophia.Runtime.Contract;

public interface ILifeGrain : IGrainWithStringKey
{
    Task<int> Increment();

    Task Deactivate();

    Task<int> DeactivateAfter(int number);

    ValueTask<string> Key();
}

public sealed class LifeGrain(Journal journal) : Grain, ILifeGrain
{
    private int _count;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        journal.Write(this.GetPrimaryKeyString(), "activated");
        if (this.GetPrimaryKeyString() == "churn")
            await journal.Until("churn/go", lines => lines.Count > 0);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write(this.GetPrimaryKeyString(), $"deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task<int> Increment() => Task.FromResult(++_count);

    public Task Deactivate()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<int> DeactivateAfter(int number)
    {
        journal.Write(this.GetPrimaryKeyString() + "/order", number.ToString());
        if (number % 3 == 0)
            DeactivateOnIdle();
        return Task.FromResult(number);
    }

    public ValueTask<string> Key() => new(this.GetPrimaryKeyString());
}

public interface IShortLivedGrain : IGrainWithGuidKey
{
    Task<Guid> Key();
}

public sealed class ShortLivedGrain(Journal journal) : Grain, IShortLivedGrain
{
    public Task<Guid> Key() => Task.FromResult(this.GetPrimaryKey());

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write(this.GetPrimaryKey().ToString(), reason.ReasonCode.ToString());
        return Task.CompletedTask;
    }
}

public interface IFailingGrain : IGrainWithIntegerKey
{
    Task<long> Key();
}

public sealed class FailingGrain(Journal journal) : Grain, IFailingGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        journal.Write($"failing{this.GetPrimaryKeyLong()}", "tried");
        return this.GetPrimaryKeyLong() < 0 && journal.Read($"failing{this.GetPrimaryKeyLong()}").Count == 1
            ? throw new ArithmeticException("not today")
            : Task.CompletedTask;
    }

    public Task<long> Key() => Task.FromResult(this.GetPrimaryKeyLong());
}

/// <summary>When activations begin and end, and what a caller notices of it.</summary>
[Collection(Contract.Name)]
public sealed class ActivationTests(RuntimeFixture runtime)
{
    private Journal Journal => runtime.Journal;

    [Fact]
    public async Task The_first_call_activates_and_all_references_reach_the_same_activation()
    {
        Assert.Equal(1, await runtime.Grains.GetGrain<ILifeGrain>("a").Increment());
        Assert.Equal(2, await runtime.Grains.GetGrain<ILifeGrain>("a").Increment());
        Assert.Equal(1, await runtime.Grains.GetGrain<ILifeGrain>("b").Increment());
        Assert.Equal("b", await runtime.Grains.GetGrain<ILifeGrain>("b").Key());
        Assert.Equal(["activated"], Journal.Read("a"));
    }

    [Fact]
    public async Task Many_first_calls_at_once_make_one_activation()
    {
        var grain = runtime.Grains.GetGrain<ILifeGrain>("crowd");
        var numbers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => grain.Increment()));
        Assert.Equal(Enumerable.Range(1, 200), numbers.Order());
        Assert.Equal(["activated"], Journal.Read("crowd"));
    }

    [Fact]
    public async Task After_deactivation_the_next_call_makes_a_new_activation()
    {
        var grain = runtime.Grains.GetGrain<ILifeGrain>("again");
        Assert.Equal(1, await grain.Increment());
        await grain.Deactivate();
        Assert.Equal(1, await grain.Increment());
        Assert.Equal(["activated", "deactivated ApplicationRequested", "activated"], Journal.Read("again"));
    }

    [Fact]
    public async Task A_call_that_waits_while_its_grain_deactivates_is_answered_by_the_next_activation()
    {
        var grain = runtime.Grains.GetGrain<ILifeGrain>("handover");
        await grain.Increment();
        Assert.Equal<int[]>([0, 1, 2], await Task.WhenAll(Enumerable.Range(0, 3).Select(n => grain.DeactivateAfter(n))));
        Assert.Equal(["0", "1", "2"], Journal.Read("handover/order").Order());
    }

    [Fact]
    public async Task Calls_that_wait_while_the_grain_deactivates_again_and_again_run_once_or_are_rejected_unrun()
    {
        var grain = runtime.Grains.GetGrain<ILifeGrain>("churn");
        var calls = Enumerable.Range(0, 300).Select(n => grain.DeactivateAfter(n)).ToArray();
        Journal.Write("churn/go", "go");
        List<int> answered = [];
        foreach (var call in calls)
        {
            try
            {
                answered.Add(await call);
            }
            catch (OrleansMessageRejectionException)
            {
                // Handed on more often than SiloMessagingOptions.MaxForwardCount allows.
            }
        }
        Assert.Equal(answered, Journal.Read("churn/order").Select(int.Parse).Order());
        Assert.NotEmpty(answered);
        Assert.Equal(300, await grain.DeactivateAfter(300));
    }

    [Fact]
    public async Task A_failed_activation_gives_its_exception_to_the_caller_and_the_next_call_tries_again()
    {
        var grain = runtime.Grains.GetGrain<IFailingGrain>(-7);
        Assert.Equal("not today", (await Assert.ThrowsAsync<ArithmeticException>(grain.Key)).Message);
        Assert.Equal(-7, await grain.Key());
    }

    [Fact]
    public async Task An_idle_activation_is_collected()
    {
        var key = new Guid("11111111-2222-3333-4444-555555555555");
        Assert.Equal(key, await runtime.Grains.GetGrain<IShortLivedGrain>(key).Key());
        Assert.Equal(["ActivationIdle"], await Journal.Until(key.ToString(), lines => lines.Count > 0));
    }

    [Fact]
    public async Task Keys_come_back_as_they_went_in()
    {
        foreach (var key in new[] { 0L, 1, -1, long.MaxValue, 4711 })
            Assert.Equal(key, await runtime.Grains.GetGrain<IFailingGrain>(key < 0 ? 1 - key : key).Key() is var back && key < 0 ? 1 - back : back);
        Assert.Equal("tenant/name/part", await runtime.Grains.GetGrain<ILifeGrain>("tenant/name/part").Key());
        Assert.Equal(runtime.Grains.GetGrain<ILifeGrain>("x"), runtime.Grains.GetGrain<ILifeGrain>("x"));
        Assert.Equal("life/x", runtime.Grains.GetGrain<ILifeGrain>("x").GetGrainId().ToString());
    }
}
