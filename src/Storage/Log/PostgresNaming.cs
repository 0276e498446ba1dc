using Sophia.Postgres;

namespace Sophia.Log;

/// <summary>Gives the streams, run and partitions of one append their numbers; new ones are written with the append.</summary>
internal sealed class PostgresNaming(TenantTransaction transaction, AppendBatch batch)
{
    private readonly List<(string Name, long Id)> newNames = [];
    private readonly List<(string Name, long Id, EntryType Type)> newStreams = [];

    /// <summary>Looks up what the lane does not know yet: mostly nothing, so mostly no round trip.</summary>
    public async Task LookUp()
    {
        var streams = new HashSet<string>();
        var names = new HashSet<string>();
        if (batch.Entries.Count > 0 && transaction.Memory.Number(batch.Run) is null)
            names.Add(batch.Run);
        string? stream = null, partition = null;
        foreach (var entry in batch.Entries)
        {
            if (!ReferenceEquals(entry.Stream, stream) && transaction.Memory.Stream(stream = entry.Stream) is null)
                streams.Add(stream);
            if (!ReferenceEquals(entry.Partition, partition) && transaction.Memory.Number(partition = entry.Partition) is null)
                names.Add(partition!);
        }
        if (streams.Count + names.Count == 0)
            return;
        await transaction.Ask(ask =>
        {
            ask.Add("SELECT name, id, type FROM sophia.streams WHERE tenant=$1 AND name=ANY($2)").Texts([.. streams]);
            ask.Add("SELECT name, id FROM sophia.names WHERE tenant=$1 AND name=ANY($2)").Texts([.. names]);
        }, async reader =>
        {
            while (await reader.ReadAsync())
                transaction.Memory.Learn(reader.GetString(0), reader.GetInt64(1), reader.GetInt16(2));
            await reader.NextResultAsync();
            while (await reader.ReadAsync())
                transaction.Memory.Learn(reader.GetString(0), reader.GetInt64(1));
            return true;
        });
    }

    /// <exception cref="ArgumentException">The stream holds another type.</exception>
    public long Stream(string name, EntryType type)
    {
        if (transaction.Memory.Stream(name) is not { } known)
        {
            known = (++transaction.Counters.Name, (short)type);
            transaction.Memory.Learn(name, known.Id, known.Type);
            newStreams.Add((name, known.Id, type));
        }
        return known.Type == (short)type ? known.Id : throw new ArgumentException($"The stream \"{name}\" holds {(EntryType)known.Type} entries, not {type}.");
    }

    public long Number(string? name)
    {
        if (transaction.Memory.Number(name) is { } known)
            return known;
        var id = ++transaction.Counters.Name;
        transaction.Memory.Learn(name!, id);
        newNames.Add((name!, id));
        return id;
    }

    public void Write(TenantStatements tell)
    {
        foreach (var (name, id, type) in newStreams)
            tell.Add("INSERT INTO sophia.streams(tenant, id, name, type, records, deleted) VALUES($1, $2, $3, $4, 0, 0)").Int(id).Text(name).Int((long)type);
        if (newNames.Count > 0)
            tell.Add("INSERT INTO sophia.names(tenant, id, name) SELECT $1, * FROM unnest($2::bigint[], $3::text[])").Ints([.. newNames.Select(n => n.Id)]).Texts([.. newNames.Select(n => n.Name)]);
    }
}
