namespace Sophia.Runtime.Contract;

public interface ICounterGrain : IGrainWithStringKey
{
    Task<int> Increment();

    Task Deactivate();

    ValueTask<string> Key();
}

public sealed class CounterGrain : Grain, ICounterGrain
{
    private int _count;

    public Task<int> Increment() => Task.FromResult(++_count);

    public Task Deactivate()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public ValueTask<string> Key() => new(this.GetPrimaryKeyString());
}

public sealed class Activation(RuntimeFixture runtime) : IClassFixture<RuntimeFixture>
{
    [Fact]
    public async Task The_first_call_activates_and_all_references_reach_the_same_activation()
    {
        Assert.Equal(1, await runtime.Grains.GetGrain<ICounterGrain>("a").Increment());
        Assert.Equal(2, await runtime.Grains.GetGrain<ICounterGrain>("a").Increment());
        Assert.Equal(1, await runtime.Grains.GetGrain<ICounterGrain>("b").Increment());
        Assert.Equal("b", await runtime.Grains.GetGrain<ICounterGrain>("b").Key());
    }

    [Fact]
    public async Task After_deactivation_the_next_call_makes_a_new_activation()
    {
        var grain = runtime.Grains.GetGrain<ICounterGrain>("again");
        Assert.Equal(1, await grain.Increment());
        await grain.Deactivate();
        Assert.Equal(1, await grain.Increment());
    }
}
