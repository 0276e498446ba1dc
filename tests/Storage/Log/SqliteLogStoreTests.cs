using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia.Log;

public sealed class SqliteLogStoreTests : LogStoreSuite
{
    private readonly ScratchStore store = new();

    protected override ILogStore Log => store.Log;

    protected override IRunStore Runs => store.Runs;

    protected override IQuarantineStore Quarantine => store.Quarantine;

    protected override IErasureStore Erasures => store.Erasures;

    protected override Queues.IQueueStore Queue => new Queues.SqliteQueueStore(store.Files);

    public override async Task DisposeAsync() => await store.DisposeAsync();
}
