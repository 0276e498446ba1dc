using Sophia.Knowledge.StandIn;
using Sophia.Postgres;
using Sophia.Servers;

namespace Sophia.Knowledge;

/// <summary>The index in Weaviate: real client, real sockets, and a stand-in at their end (no Weaviate server could be had).</summary>
[NeedsPostgres]
public sealed class WeaviateIndexStoreTests : IndexStoreSuite
{
    private readonly WeaviateWorld world = new();

    protected override IIndexStore Index => world.Store;

    public override Task InitializeAsync() => world.Start();

    public override async Task DisposeAsync()
    {
        Assert.Equal("", string.Join("\n", world.StandIn.Violations.Take(3)));
        await world.DisposeAsync();
    }
}

[NeedsPostgres]
public sealed class WeaviateVectorStoreTests : VectorStoreSuite
{
    private readonly WeaviateWorld world = new();

    protected override IIndexStore Index => world.Store;

    protected override IVectorStore Vectors => world.Store;

    public override Task InitializeAsync() => world.Start();

    public override async Task DisposeAsync()
    {
        Assert.Equal("", string.Join("\n", world.StandIn.Violations.Take(3)));
        await world.DisposeAsync();
    }
}

/// <summary>A stand-in, a database, and a store over both.</summary>
internal sealed class WeaviateWorld : IAsyncDisposable
{
    private readonly ScratchDatabase scratch = new();
    private readonly List<WeaviateConnection> connections = [];
    private PostgresDatabase database = null!;

    public WeaviateStandIn StandIn { get; private set; } = null!;

    public WeaviateIndexStore Store { get; private set; } = null!;

    public WeaviateConnection Connection { get; private set; } = null!;

    public SearchLedger Ledger => new(database);

    public SearchLedgerWriter Writer(string engine) => new(database, engine);

    public async Task Start(string? key = null)
    {
        StandIn = await WeaviateStandIn.Start(key);
        database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        (Store, Connection) = Another();
    }

    /// <summary>A store of another silo over the same.</summary>
    public (WeaviateIndexStore Store, WeaviateConnection Connection) Another(Func<WeaviateOptions, WeaviateOptions>? with = null, TimeProvider? time = null)
    {
        var connection = new WeaviateConnection((with ?? (o => o))(StandIn.Options), time ?? TimeProvider.System);
        connections.Add(connection);
        return (new WeaviateIndexStore(new SearchLedger(database), engine => new SearchLedgerWriter(database, engine), connection), connection);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in connections)
            await connection.DisposeAsync();
        await database.DisposeAsync();
        await StandIn.DisposeAsync();
        scratch.Dispose();
    }
}
