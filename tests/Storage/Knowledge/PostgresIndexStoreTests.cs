using Sophia.Postgres;
using Sophia.Servers;

namespace Sophia.Knowledge;

[NeedsPostgres]
public sealed class PostgresIndexStoreTests : IndexStoreSuite
{
    private readonly ScratchDatabase scratch = new();
    private readonly VectorCache cache = new();
    private readonly PostgresDatabase database;

    public PostgresIndexStoreTests() => database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);

    protected override IIndexStore Index => new PostgresIndexStore(database, cache);

    public override async Task DisposeAsync()
    {
        await database.DisposeAsync();
        scratch.Dispose();
    }
}
