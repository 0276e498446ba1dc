using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Servers;

namespace Sophia.Postgres;

/// <summary>The database's size against the size that it may have; without one, nothing is said of its room and nothing refused.</summary>
[NeedsPostgres]
public sealed class PostgresRoomTests : IDisposable
{
    private readonly ScratchDatabase scratch = new();

    public void Dispose() => scratch.Dispose();

    [EngineTheory]
    [InlineData(null, RoomLevel.Enough)]
    [InlineData(1L << 40, RoomLevel.Enough)]
    [InlineData(1_000_000L, RoomLevel.None)]
    public async Task A_database_over_its_limit_refuses_records(long? limit, RoomLevel level)
    {
        await using var database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        using var room = new StorageRoom([new PostgresProbe(database, limit)], Options.Create(new RoomOptions()), TimeProvider.System, NullLogger<StorageRoom>.Instance);
        await room.Look(0, default);
        var place = Assert.Single(room.Places);
        Assert.Equal((level, limit ?? 0), (place.Level, place.TotalBytes));
        Assert.Equal(limit is not null, place.UsedBytes > 1_000_000 || place.UsedBytes == limit);
        Assert.Equal(level == RoomLevel.None, ((IStorageRoom)room).RefusesRecords is not null);
    }
}
