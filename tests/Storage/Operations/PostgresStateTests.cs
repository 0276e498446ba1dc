using Orleans;
using Orleans.Storage;
using Sophia.Postgres;
using Sophia.Servers;

namespace Sophia.Operations;

[NeedsPostgres]
public sealed class PostgresDurableStateTests : GrainStorageSuite
{
    private readonly PostgresState state = new();

    protected override IGrainStorage Storage => new PostgresGrainStorage(state.Database, waitsForDisk: true);

    public override Task DisposeAsync() => state.End();
}

[NeedsPostgres]
public sealed class PostgresFastStateTests : GrainStorageSuite
{
    private readonly PostgresState state = new();

    protected override IGrainStorage Storage => new PostgresGrainStorage(state.Database, waitsForDisk: false);

    public override Task DisposeAsync() => state.End();
}

[NeedsPostgres]
public sealed class PostgresReminderTableTests : ReminderTableSuite
{
    private readonly PostgresState state = new();

    protected override IReminderTable Table => new PostgresReminderTable(state.Database);

    public override Task DisposeAsync() => state.End();
}

internal sealed class PostgresState
{
    private readonly ScratchDatabase scratch = new();

    public PostgresState() => Database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);

    public PostgresDatabase Database { get; }

    public async Task End()
    {
        await Database.DisposeAsync();
        scratch.Dispose();
    }
}
