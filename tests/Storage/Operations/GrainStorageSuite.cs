using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>What every engine's grain storage must do.</summary>
public abstract class GrainStorageSuite : IAsyncLifetime
{
    private static readonly GrainId Breaker = GrainId.Create("breaker", "acme/crm");

    protected abstract IGrainStorage Storage { get; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public abstract Task DisposeAsync();

    [EngineFact]
    public async Task What_was_never_written_reads_as_absent_and_new()
    {
        var read = await Read(Breaker);
        Assert.Equal((false, null, 0), (read.RecordExists, read.ETag, Assert.IsType<Sample>(read.State).Count));
    }

    [EngineTheory]
    [InlineData("acme/crm")]
    [InlineData("system/directory")]
    [InlineData("Not A Tenant's Key")]
    public async Task What_was_written_is_read_back(string key)
    {
        var grain = GrainId.Create("breaker", key);
        var written = await Write(grain, new Sample { Count = 7, Tenant = TenantId.Parse("acme"), Notes = ["a", "ü🙂"] });
        var read = await Read(grain);
        Assert.Equal((true, written.ETag), (read.RecordExists, read.ETag));
        Assert.Equal((7, "acme", "a|ü🙂"), (read.State!.Count, read.State.Tenant.Value, string.Join("|", read.State.Notes)));
    }

    [EngineFact]
    public async Task States_of_other_names_and_grains_are_other_states()
    {
        await Write(Breaker, new Sample { Count = 1 });
        Assert.False((await Read(Breaker, "other")).RecordExists);
        Assert.False((await Read(GrainId.Create("limiter", "acme/crm"))).RecordExists);
    }

    [EngineFact]
    public async Task Who_read_an_older_state_cannot_write()
    {
        var mine = await Write(Breaker, new Sample { Count = 1 });
        var theirs = await Read(Breaker);
        await Storage.WriteStateAsync("state", Breaker, theirs);
        mine.State = new Sample { Count = 2 };
        var refused = await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("state", Breaker, mine));
        Assert.Equal((theirs.ETag, mine.ETag), (refused.StoredEtag, refused.CurrentEtag));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync("state", Breaker, mine));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("state", Breaker, new GrainState<Sample>(new Sample())));
        Assert.Equal(1, (await Read(Breaker)).State!.Count);
    }

    [EngineFact]
    public async Task A_cleared_state_is_absent_and_its_old_readers_stay_out()
    {
        var old = await Write(Breaker, new Sample { Count = 1 });
        var current = await Read(Breaker);
        await Storage.ClearStateAsync("state", Breaker, current);
        Assert.Equal((false, null), (current.RecordExists, current.ETag));
        await Write(Breaker, new Sample { Count = 2 });
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("state", Breaker, old));
        Assert.Equal(2, (await Read(Breaker)).State!.Count);
    }

    [EngineFact]
    public async Task States_of_one_name_and_kind_are_paged_in_the_order_of_their_keys_whoever_else_keeps_some()
    {
        foreach (var key in (string[])["acme/b", "acme/a", "acme/c/d", "acme/d", "other/a", "system/a/b", "system/b"])
            await Write(GrainId.Create("limiter", key), new Sample { Count = key.Length });
        await Write(GrainId.Create("limiter2", "acme/b"), new Sample());
        await Write(GrainId.Create("limite", "acme/b"), new Sample());
        var other = new GrainState<Sample>(new Sample());
        await Storage.WriteStateAsync("other", GrainId.Create("limiter", "acme/b"), other);
        var kept = (IKeptStates)Storage;
        Assert.Equal(["acme/a", "acme/b", "acme/c/d"], await Keys("acme", null, 3));
        Assert.Equal(["acme/d"], await Keys("acme", "acme/c/d", 3));
        Assert.Equal(["system/a/b", "system/b"], await Keys("system", null, 10));
        Assert.Empty(await Keys("nobody", null, 10));
        Assert.Equal(6, (await kept.Page<Sample>(TenantId.Parse("acme"), "limiter", "state", null, 1, default)).Single().State.Count);

        async Task<IEnumerable<string>> Keys(string tenant, string? after, int limit) => (await kept.Page<Sample>(TenantId.Parse(tenant), "limiter", "state", after, limit, default)).Select(one => one.Key);
    }

    private async Task<GrainState<Sample>> Read(GrainId grain, string name = "state")
    {
        var state = new GrainState<Sample>();
        await Storage.ReadStateAsync(name, grain, state);
        return state;
    }

    private async Task<GrainState<Sample>> Write(GrainId grain, Sample sample)
    {
        var state = new GrainState<Sample>(sample);
        await Storage.WriteStateAsync("state", grain, state);
        return state;
    }

    public sealed class Sample
    {
        public int Count { get; set; }

        public TenantId Tenant { get; set; } = TenantId.Parse("none");

        public IReadOnlyList<string> Notes { get; set; } = [];
    }
}
