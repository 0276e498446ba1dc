namespace Sophia.Queues;

public sealed class SqliteQueueStoreTests : QueueStoreSuite
{
    private readonly ScratchStore store = new();

    protected override IQueueStore Store => new SqliteQueueStore(store.Files);

    public override async Task DisposeAsync() => await store.DisposeAsync();
}
