using Sophia.Sqlite;

namespace Sophia.Knowledge;

/// <summary>One tenant's words in memory, and which index they are of.</summary>
internal sealed class WordCopy : IMemoryCopy
{
    private readonly ReaderWriterLockSlim gate = new();
    private readonly WordAnalyzer analyzer = new();
    private readonly List<long> gone = [];
    private readonly Dictionary<string, int> streams = new(StringComparer.Ordinal);
    private WordRows? rows;
    private long born;

    public DateTimeOffset AskedAt { get; set; }

    /// <summary>Whoever fills it, or did. Set by the cache alone.</summary>
    public Task Filling { get; set; } = Task.CompletedTask;

    public bool IsBusy => !Filling.IsCompleted;

    /// <summary>Chunks of the index that were too many for the bound; from there on nobody tries again.</summary>
    public long? TooMany { get; set; }

    public long Bytes { get; private set; }

    /// <summary>Reads the next chunks, newer than those it has. Whether there may be more.</summary>
    /// <param name="limit">Chunks at most.</param>
    public bool Follow(DatabaseConnection database, int limit)
    {
        gate.EnterWriteLock();
        try
        {
            var now = database.Scalar("SELECT born FROM vector_state");
            if (rows is null || born != now || rows.Buried > 1_000 + rows.Count / 8)
            {
                (rows, born) = (new WordRows(), now);
                streams.Clear();
            }
            var read = 0;
            using (var select = database.Prepare("SELECT c.id, c.speakers, c.words, c.kind, r.stream, r.at FROM chunk c CROSS JOIN record r ON r.id = c.record WHERE c.id > ?1 ORDER BY c.id LIMIT ?2"))
                for (select.Int(1, rows.Last).Int(2, limit); select.Step(); read++)
                    rows.Add(select.Int(0), select.Bytes(2), Speakers(select.Bytes(1).Length > 2 ? select.Text(1) : ""), new RowTraits(Number(select.Text(4)), (ChunkKind)select.Int(3), select.Int(5)));
            gone.ForEach(rows.Bury);
            if (read < limit)
                gone.Clear();
            Bytes = rows.Bytes;
            return read == limit;
        }
        catch
        {
            Forget(); // Half a chunk may be in it.
            throw;
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    /// <summary>How many chunks it is behind a state of the index at most; null: it is of another index, or worn.</summary>
    public long? Behind(long bornNow, long last)
    {
        gate.EnterReadLock();
        try
        {
            return rows is null || born != bornNow || rows.Buried > 1_000 + rows.Count / 8 ? null : Math.Max(0, last - rows.Last);
        }
        finally
        {
            gate.ExitReadLock();
        }
    }

    /// <summary>The best chunks; null where it was forgotten meanwhile.</summary>
    public WordMatches? Best(IReadOnlyList<ulong> numbers, int limit, SearchFilter? filter = null)
    {
        gate.EnterReadLock();
        try
        {
            return rows?.Best(numbers, limit, filter is null ? null : RowFilter.Of(filter, streams));
        }
        finally
        {
            gate.ExitReadLock();
        }
    }

    /// <summary>In how many chunks a word stands; null where it was forgotten meanwhile.</summary>
    public int? RowsOf(ulong number)
    {
        gate.EnterReadLock();
        try
        {
            return rows?.RowsOf(number);
        }
        finally
        {
            gate.ExitReadLock();
        }
    }

    /// <summary>These chunks have left the index. One that is being read just now is remembered until all are read.</summary>
    public void Bury(IReadOnlyList<long> chunks)
    {
        gate.EnterWriteLock();
        try
        {
            foreach (var chunk in chunks)
                if (rows is not null && chunk <= rows.Last)
                    rows.Bury(chunk);
                else if (rows is not null)
                    gone.Add(chunk);
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    /// <summary>Lets go of what it holds.</summary>
    public void Drop()
    {
        gate.EnterWriteLock();
        try
        {
            Forget();
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    private void Forget()
    {
        (rows, Bytes) = (null, 0);
        streams.Clear();
        gone.Clear();
    }

    private int Number(string stream)
    {
        if (!streams.TryGetValue(stream, out var number))
            streams[stream] = number = streams.Count;
        return number;
    }

    // A chunk is found by who speaks in it, though the names are no words of its text.
    private List<ulong> Speakers(string json) =>
        json.Length == 0 ? [] : [.. ChunkJson.Texts(json).SelectMany(name => analyzer.Words(name)).Select(word => ChunkWords.NumberOf(word.Stem)).Distinct()];
}
