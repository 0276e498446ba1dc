using Npgsql;
using Sophia.Postgres;

namespace Sophia.Operations;

/// <summary>Looks at one place. A look that fails throws, and what was seen before counts on.</summary>
public interface IRoomProbe
{
    string Place { get; }

    TimeSpan Every { get; }

    ValueTask<RoomReading> Look(CancellationToken cancellation);
}

/// <summary>The disk under a folder; where the folder is not there yet, under the nearest one above it.</summary>
internal sealed class FolderProbe(string place, string path) : IRoomProbe
{
    public string Place => place;

    public TimeSpan Every => RoomOptions.FoldersEvery;

    public ValueTask<RoomReading> Look(CancellationToken cancellation)
    {
        var folder = Path.GetFullPath(path);
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
            folder = above;
        var disk = new DriveInfo(folder);
        return new(new RoomReading(disk.TotalSize, disk.AvailableFreeSpace));
    }
}

/// <summary>The database's size against the size that it may have. What its disk has left cannot be seen by a client.</summary>
internal sealed class PostgresProbe(PostgresDatabase database, long? mostBytes) : IRoomProbe
{
    public string Place => "postgres";

    public TimeSpan Every => RoomOptions.PostgresEvery;

    public async ValueTask<RoomReading> Look(CancellationToken cancellation)
    {
        if (mostBytes is not { } most)
            return default;
        try
        {
            var size = await database.Size(cancellation);
            return new(most, Math.Max(0, most - size));
        }
        catch (NpgsqlException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }
}
