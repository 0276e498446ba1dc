using Sophia.Sqlite;

namespace Sophia.Log;

/// <summary>Streams by name, with how many records each has; what one append changes is written once at its end.</summary>
internal sealed class StreamTable(DatabaseConnection connection)
{
    /// <summary>Streams remembered between appends; a tenant with more looks them up again.</summary>
    private const int MaxRemembered = 1_000;

    private readonly Dictionary<string, StreamRow> known = [];
    private readonly List<StreamRow> changed = [];

    /// <exception cref="ArgumentException">The stream holds another type.</exception>
    public StreamRow Of(string name, EntryType type)
    {
        if (!known.TryGetValue(name, out var row))
        {
            if (known.Count >= MaxRemembered && changed.Count == 0)
                known.Clear();
            known[name] = row = Find(name) ?? Insert(name, type);
        }
        return row.Type == type ? row : throw new ArgumentException($"The stream \"{name}\" holds {row.Type} entries, not {type}.");
    }

    public void Count(StreamRow stream, RecordOperation? before, RecordOperation after)
    {
        if (before == after)
            return;
        stream.Records += (after == RecordOperation.Upsert ? 1 : 0) - (before == RecordOperation.Upsert ? 1 : 0);
        stream.Deleted += (after == RecordOperation.Delete ? 1 : 0) - (before == RecordOperation.Delete ? 1 : 0);
        if (stream.Changed)
            return;
        stream.Changed = true;
        changed.Add(stream);
    }

    public void Write()
    {
        foreach (var stream in changed)
        {
            connection.Prepare("UPDATE streams SET records=?2, deleted=?3 WHERE id=?1").Int(1, stream.Id).Int(2, stream.Records).Int(3, stream.Deleted).Run();
            stream.Changed = false;
        }
        changed.Clear();
    }

    public static long? Id(DatabaseConnection connection, string name)
    {
        using var find = connection.Prepare("SELECT id FROM streams WHERE name=?1").Text(1, name);
        return find.Step() ? find.Int(0) : null;
    }

    /// <summary>The row of a stream that is there, or null.</summary>
    public StreamRow? Known(string name) => known.GetValueOrDefault(name) ?? (Find(name) is { } row ? known[name] = row : null);

    /// <summary>A record of which nothing is left.</summary>
    public void Forget(StreamRow stream, RecordOperation newest = RecordOperation.Delete)
    {
        stream.Deleted -= newest == RecordOperation.Delete ? 1 : 0;
        stream.Records -= newest == RecordOperation.Upsert ? 1 : 0;
        if (stream.Changed)
            return;
        stream.Changed = true;
        changed.Add(stream);
    }

    public static DateTimeOffset? Horizon(DatabaseConnection connection, string name)
    {
        using var find = connection.Prepare("SELECT horizon FROM streams WHERE name=?1").Text(1, name);
        return find.Step() && !find.IsNull(0) ? LogTime.FromMicros(find.Int(0)) : null;
    }

    private StreamRow? Find(string name)
    {
        using var find = connection.Prepare("SELECT id, type, records, deleted FROM streams WHERE name=?1").Text(1, name);
        return find.Step() ? new StreamRow(find.Int(0), (EntryType)find.Int(1)) { Records = find.Int(2), Deleted = find.Int(3) } : null;
    }

    private StreamRow Insert(string name, EntryType type)
    {
        using var insert = connection.Prepare("INSERT INTO streams(name, type, records, deleted) VALUES(?1, ?2, 0, 0)").Text(1, name).Int(2, (long)type);
        insert.Step();
        return new StreamRow(connection.Scalar("SELECT last_insert_rowid()"), type);
    }
}

internal sealed class StreamRow(long id, EntryType type)
{
    public long Id => id;

    public EntryType Type => type;

    public long Records { get; set; }

    public long Deleted { get; set; }

    public bool Changed { get; set; }
}
