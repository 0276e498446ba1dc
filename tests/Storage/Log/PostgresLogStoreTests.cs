using Sophia.Pipelines;
using Sophia.Postgres;
using Sophia.Quality;
using Sophia.Servers;

namespace Sophia.Log;

[NeedsPostgres]
public sealed class PostgresLogStoreTests : LogStoreSuite
{
    private readonly ScratchDatabase scratch = new();
    private readonly PostgresDatabase database;

    public PostgresLogStoreTests() => database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);

    protected override ILogStore Log => new PostgresLogStore(database, null, new TestMarks());

    protected override IRunStore Runs => new PostgresRunStore(database);

    protected override IQuarantineStore Quarantine => new PostgresQuarantineStore(database);

    protected override IErasureStore Erasures => new PostgresErasureStore(database, new TestMarks());

    protected override Queues.IQueueStore Queue => new Queues.PostgresQueueStore(database);

    public override async Task DisposeAsync()
    {
        await database.DisposeAsync();
        scratch.Dispose();
    }
}
