using Sophia.Postgres;
using Sophia.Servers;

namespace Sophia.Queues;

[NeedsPostgres]
public sealed class PostgresQueueStoreTests : QueueStoreSuite
{
    private readonly ScratchDatabase scratch = new();
    private readonly PostgresDatabase database;

    public PostgresQueueStoreTests() => database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);

    protected override IQueueStore Store => new PostgresQueueStore(database);

    public override async Task DisposeAsync()
    {
        await database.DisposeAsync();
        scratch.Dispose();
    }
}
