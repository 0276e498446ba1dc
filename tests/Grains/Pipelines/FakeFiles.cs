using System.Text;
using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Files in memory, a record a line. A line that does not start with a brace cannot be read.</summary>
internal sealed class FakeFiles : ISourceKind
{
    private readonly SortedDictionary<string, FakeFile> files = new(StringComparer.Ordinal);

    public string Type => "files";

    /// <summary>Why the folder cannot be listed, or null.</summary>
    public string? Unlistable { get; set; }

    /// <summary>The path of the source that cannot be listed, or null.</summary>
    public string? UnlistablePath { get; set; }

    /// <summary>The stream that every record says it belongs to.</summary>
    public string Stream { get; set; } = "deals";

    public int Opens { get; private set; }

    /// <summary>Why nothing can be opened now, asked each time; null: it can.</summary>
    public Func<string?>? Busy { get; set; }

    /// <summary>What stands before the source; null: nothing, as before a folder.</summary>
    public string? Guarded { get; set; }

    public string? Dependency(SourceContext source) => Guarded;

    /// <summary>Holds the next read of a batch that begins at a line or after it, once, until what it returns has completed.</summary>
    public (int FromLine, Func<Task> Until)? Hold { get; set; }

    public int LinesRead { get; set; }

    public FakeFile this[string path] => files[path];

    public void Write(string path, params string[] lines) => files[path] = new FakeFile([.. lines]);

    public void WriteDeals(string path, params int[] ids) => Write(path, [.. ids.Select(id => Deal(id))]);

    public void Delete(string path) => files.Remove(path);

    public static string Deal(int id, int amount = 1) => $$"""{"id":"{{id}}","amount":{{amount}}}""";

    public async IAsyncEnumerable<SourcePartition> Partitions(SourceContext source, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.Yield();
        if (Unlistable is { } reason)
            throw new SourceException(reason, transient: true);
        if (source.Definition["path"] == UnlistablePath)
            throw new SourceException("It is gone.", transient: true);
        foreach (var (path, file) in files)
            yield return new SourcePartition(path, file.Fingerprint, file.Lines.Sum(line => line.Length), file.Unreadable, file.Settling);
    }

    public Task<ISourceReader> Open(SourceContext source, SourcePartition partition, string? state, CancellationToken cancellation)
    {
        Opens++;
        if (Busy?.Invoke() is { } busy)
            throw new SourceException(busy, transient: true);
        var file = files[partition.Id];
        if (file.FailingOpens > 0)
        {
            file.FailingOpens--;
            throw new SourceException("The file is busy.", transient: true);
        }
        return file.Broken is { } reason ? throw new SourceException(reason, transient: false)
            : Task.FromResult<ISourceReader>(new Reader(this, partition.Id, file.Lines, state is null ? 0 : int.Parse(state)));
    }

    private sealed class Reader(FakeFiles owner, string path, IReadOnlyList<string> lines, int next) : ISourceReader
    {
        public async ValueTask<SourceBatch?> Read(BatchBudget budget, CancellationToken cancellation)
        {
            if (owner.Hold is { } hold && next >= hold.FromLine)
            {
                owner.Hold = null;
                await hold.Until();
            }
            if (next >= lines.Count)
                return null;
            var (records, bad, bytes) = (new List<SourceRecord>(), new List<BadPiece>(), 0);
            for (var taken = 0; taken < budget.MaxRecords && next < lines.Count; taken++, next++)
            {
                var line = lines[next];
                bytes += line.Length;
                owner.LinesRead++;
                if (line.StartsWith('{'))
                    records.Add(new SourceRecord(owner.Stream, null, RecordOperation.Upsert, Encoding.UTF8.GetBytes(line), 0, line.Length, next + 1));
                else
                    bad.Add(new BadPiece("deals", new CellReason("", "json", line, "a JSON object", null), new Origin(path, Line: next + 1), line));
            }
            return new SourceBatch(records, bad, next.ToString(), bytes);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

internal sealed class FakeFile(List<string> lines)
{
    public List<string> Lines => lines;

    public string? Unreadable { get; set; }

    public bool Settling { get; set; }

    public string? Broken { get; set; }

    public int FailingOpens { get; set; }

    public string Fingerprint => string.Join('\n', lines).GetHashCode(StringComparison.Ordinal).ToString("x");
}

/// <summary>Holds back what says <c>"amount":-1</c>.</summary>
internal sealed class NoNegativeAmounts : IBatchJudges, IBatchJudge
{
    public IBatchJudge For(PipelineDefinition definition) => this;

    public BatchJudgement Judge(IReadOnlyList<KeyedRecord> records, DateTimeOffset now) =>
        new([.. records.Select(record => Encoding.UTF8.GetString(record.Record.Payload.Span).Contains("\"amount\":-1", StringComparison.Ordinal)
            ? new[] { new CellReason("amount", "range:amount", "-1", "at least 0", null) } : null)], 0.97);
}
