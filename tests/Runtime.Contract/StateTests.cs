using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Sophia.Runtime.Contract;

[GenerateSerializer, Alias("contract.BoxState")]
public sealed class BoxState
{
    [Id(0)]
    public List<string> Items { get; set; } = [];
}

public interface IBoxGrain : IGrainWithStringKey
{
    Task<int> Add(string item, bool write);

    Task<string[]> Items(bool fresh);

    Task<(bool Exists, string? Etag)> Record();

    Task Clear();

    Task Leave();

    Task Meddle();
}

public sealed class BoxGrain(
    [PersistentState("box")] IPersistentState<BoxState> box,
    [PersistentState("copy", "second")] IPersistentState<BoxState> copy) : Grain, IBoxGrain
{
    private string _atActivation = "";

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _atActivation = $"{box.State.Items.Count}";
        return Task.CompletedTask;
    }

    public async Task<int> Add(string item, bool write)
    {
        box.State.Items.Add(item);
        copy.State.Items.Add(item + _atActivation);
        if (write)
        {
            await box.WriteStateAsync();
            await copy.WriteStateAsync();
        }
        return box.State.Items.Count;
    }

    public async Task<string[]> Items(bool fresh)
    {
        if (fresh)
            await box.ReadStateAsync();
        return [.. box.State.Items, .. copy.State.Items];
    }

    public Task<(bool Exists, string? Etag)> Record() => Task.FromResult((box.RecordExists, box.Etag));

    public Task Clear() => box.ClearStateAsync();

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task Meddle() => throw new InconsistentStateException("meddled", "2", "1");
}

/// <summary>Grain state: read before activation, versions, no sharing with what is stored.</summary>
[Collection(Contract.Name)]
public sealed class StateTests(RuntimeFixture runtime)
{
    [Fact]
    public async Task What_was_written_is_there_when_the_grain_activates_again_and_what_was_not_is_gone()
    {
        var grain = runtime.Grains.GetGrain<IBoxGrain>("kept");
        await grain.Add("a", write: true);
        await grain.Add("b", write: false);
        await grain.Leave();
        Assert.Equal(["a", "a0"], await grain.Items(fresh: false));
        Assert.Equal(2, await grain.Add("c", write: true));
        Assert.Equal(["a", "c", "a0", "c1"], await grain.Items(fresh: false));
    }

    [Fact]
    public async Task Changes_that_were_not_written_do_not_reach_the_storage()
    {
        var grain = runtime.Grains.GetGrain<IBoxGrain>("alias");
        await grain.Add("a", write: true);
        await grain.Add("b", write: false);
        Assert.Equal(["a"], (await grain.Items(fresh: true))[..1]);
        Assert.DoesNotContain("b", await grain.Items(fresh: true));
    }

    [Fact]
    public async Task A_record_exists_once_written_and_clearing_ends_it()
    {
        var grain = runtime.Grains.GetGrain<IBoxGrain>("record");
        Assert.Equal((false, null), await grain.Record());
        await grain.Add("a", write: true);
        var (exists, etag) = await grain.Record();
        Assert.True(exists && etag is not null);
        await grain.Clear();
        Assert.False((await grain.Record()).Exists);
        Assert.Empty((await grain.Items(fresh: false))[..0]);
        Assert.Equal(1, await grain.Add("again", write: true));
    }

    [Fact]
    public async Task An_activation_that_met_a_newer_version_ends()
    {
        var grain = runtime.Grains.GetGrain<IBoxGrain>("stale");
        await grain.Add("unwritten", write: false);
        await Assert.ThrowsAsync<InconsistentStateException>(grain.Meddle);
        Assert.Empty(await grain.Items(fresh: false));
    }

    [Fact]
    public async Task A_write_over_a_newer_version_is_refused_and_the_next_activation_reads_that_version()
    {
        var grain = runtime.Grains.GetGrain<IBoxGrain>("raced");
        await grain.Add("a", write: true);
        var storage = runtime.Services.GetRequiredKeyedService<IGrainStorage>("Default");
        var newer = new GrainState<BoxState>(new BoxState());
        await storage.ReadStateAsync("box", grain.GetGrainId(), newer);
        newer.State!.Items.Add("elsewhere");
        await storage.WriteStateAsync("box", grain.GetGrainId(), newer);
        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Add("too late", write: true));
        Assert.Equal(["a", "elsewhere", "a0"], await grain.Items(fresh: false));
    }
}
