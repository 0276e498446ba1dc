using Orleans;
using Orleans.Storage;
using Sophia.Sqlite;

namespace Sophia.Operations;

public sealed class SqliteDurableStateTests : GrainStorageSuite
{
    private readonly ScratchStore store = new();

    protected override IGrainStorage Storage => new SqliteGrainStorage(store.Files, Durability.Full);

    public override async Task DisposeAsync() => await store.DisposeAsync();

    [Fact]
    public async Task A_tenants_state_lies_in_its_folder_and_the_systems_in_platform_db()
    {
        await Storage.WriteStateAsync("s", Orleans.Runtime.GrainId.Create("a", "acme/x"), new GrainState<Sample>(new Sample()));
        Assert.False(File.Exists(Path.Combine(store.Root, "platform.db")));
        Assert.True(File.Exists(Path.Combine(store.Root, "tenants", "acme", "log.db")));
        await Storage.WriteStateAsync("s", Orleans.Runtime.GrainId.Create("a", "system/x"), new GrainState<Sample>(new Sample()));
        Assert.True(File.Exists(Path.Combine(store.Root, "platform.db")));
        Assert.Equal(["acme"], store.Folder.Tenants().Select(tenant => tenant.Value));
    }
}

public sealed class SqliteFastStateTests : GrainStorageSuite
{
    private readonly ScratchStore store = new();

    protected override IGrainStorage Storage => new SqliteGrainStorage(store.Files, Durability.Normal);

    public override async Task DisposeAsync() => await store.DisposeAsync();
}

public sealed class SqliteReminderTableTests : ReminderTableSuite
{
    private readonly ScratchStore store = new();

    protected override IReminderTable Table => new SqliteReminderTable(store.Files);

    public override async Task DisposeAsync() => await store.DisposeAsync();
}
