using Sophia.Postgres;
using Sophia.Servers;

namespace Sophia.Knowledge;

[NeedsPostgres]
public sealed class PostgresVectorStoreTests : VectorStoreSuite
{
    private readonly ScratchDatabase scratch = new();
    private readonly VectorCache cache = new();
    private readonly PostgresDatabase database;

    public PostgresVectorStoreTests() => database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);

    protected override IIndexStore Index => new PostgresIndexStore(database, cache);

    protected override IVectorStore Vectors => new PostgresVectorStore(database);

    public override async Task DisposeAsync()
    {
        await database.DisposeAsync();
        scratch.Dispose();
    }
}
