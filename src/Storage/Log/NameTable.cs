using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Runs and partitions by number, because every row would repeat them. Number 0 is no name.</summary>
internal sealed class NameTable(DatabaseConnection connection)
{
    /// <summary>Names remembered per connection.</summary>
    private const int MaxRemembered = 10_000;

    private readonly Dictionary<string, long> ids = [];
    private readonly Dictionary<long, string> names = [];
    private string lastName = "";
    private long lastId;

    /// <summary>The number of a name, given to it now where it has none. For writers.</summary>
    public long Number(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return 0;
        if (ReferenceEquals(name, lastName))
            return lastId;
        (lastName, lastId) = (name, Lookup(name) ?? Insert(name));
        return lastId;
    }

    /// <summary>The number of a name, or null.</summary>
    public long? Lookup(string name)
    {
        if (ids.TryGetValue(name, out var id))
            return id;
        using var find = connection.Prepare("SELECT id FROM names WHERE name=?1").Text(1, name);
        return find.Step() ? Remember(name, find.Int(0)) : null;
    }

    public string Name(long id)
    {
        if (id == 0)
            return "";
        if (names.TryGetValue(id, out var name))
            return name;
        using var find = connection.Prepare("SELECT name FROM names WHERE id=?1").Int(1, id);
        name = find.Step() ? find.Text(0) : throw new StorageException(StorageFault.Corrupt, $"The log names run or partition {id}, which does not exist.");
        Remember(name, id);
        return name;
    }

    private long Insert(string name)
    {
        using var insert = connection.Prepare("INSERT INTO names(name) VALUES(?1)").Text(1, name);
        insert.Step();
        return Remember(name, connection.Scalar("SELECT last_insert_rowid()"));
    }

    private long Remember(string name, long id)
    {
        if (ids.Count >= MaxRemembered)
        {
            ids.Clear();
            names.Clear();
        }
        (ids[name], names[id]) = (id, name);
        return id;
    }
}
