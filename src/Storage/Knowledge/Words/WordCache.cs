using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sophia.Operations;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Knowledge;

// FTS5 scores every match of a question one by one, some microseconds each, wherever the scores end: at a million passages a common word alone costs a tenth of a second. So a large
// index is asked in memory: for each word the passages that it stands in (WordRows), made from what the index keeps of each passage for the ranker. FTS5 goes on answering whatever
// memory cannot: small indexes, searches narrowed by keys, speakers or fields, and everything while a copy is being read. Nothing of it is on a disk.
//
// A copy follows by the numbers of passages, which only grow: a passage never changes, it leaves and another one comes. Who leaves is told by the writer once that is committed; one
// that was not told of is met by a question, found unknown to the index, and buried.

/// <summary>The words of the tenants with large indexes that are asked, within a bound; who was asked longest ago goes first.</summary>
internal sealed partial class WordCache(DatabaseFiles files, StorageOptions options, TimeProvider time, ILogger<WordCache> logger) : ITenantCopies, IDisposable
{
    /// <summary>Chunks read in one go while a copy is filled: some 50 ms of one reading thread.</summary>
    private const int Slice = 10_000;

    private readonly CopiesByTenant<WordCopy> copies = new(time);
    private readonly Lock filling = new();
    private readonly CancellationTokenSource stopping = new();

    public WordCache(DatabaseFiles files, StorageOptions options) : this(files, options, TimeProvider.System, NullLogger<WordCache>.Instance)
    {
    }

    /// <summary>Chunks from which on an index is asked in memory.</summary>
    public long From => options.WordsMib == 0 ? long.MaxValue : options.WordsFrom;

    /// <summary>Bytes of all copies.</summary>
    public long Bytes => copies.Bytes;

    /// <summary>The tenant's copy, whatever it holds.</summary>
    public WordCopy Of(TenantId tenant) => copies.Of(tenant);

    /// <summary>Reads what a copy lacks, beside the questions, which FTS5 answers meanwhile.</summary>
    /// <param name="chunks">How many chunks the index has.</param>
    public void Fill(TenantId tenant, WordCopy copy, long chunks)
    {
        lock (filling)
        {
            if (!copy.IsBusy && !(copy.TooMany <= chunks) && !stopping.IsCancellationRequested)
                copy.Filling = Task.Run(() => FillAll(tenant, copy, chunks));
        }
    }

    /// <summary>Completes once nobody fills any copy.</summary>
    public Task Filled => Task.WhenAll(copies.All.Select(copy => copy.Filling));

    /// <summary>Makes room for a copy that has grown, or lets go of it where it alone is too large; whether it stays.</summary>
    public bool Keep(TenantId tenant, WordCopy copy, long chunks)
    {
        if (copies.MakeRoom(copy, options.WordsMib * 1024L * 1024))
            return true;
        lock (filling)
            copy.TooMany = chunks;
        copy.Drop();
        LogTooMany(tenant.Value, chunks, options.WordsMib);
        return false;
    }

    /// <summary>Chunks that have left a tenant's index.</summary>
    public void Bury(TenantId tenant, IReadOnlyList<long> chunks)
    {
        if (chunks.Count > 0 && copies.Find(tenant) is { } copy)
            copy.Bury(chunks);
    }

    /// <summary>A tenant's index was emptied.</summary>
    public void Drop(TenantId tenant) => copies.Find(tenant)?.Drop();

    public bool HoldsRecords => true;

    /// <summary>The tenant is deleted, or records of it are erased.</summary>
    public void Forget(TenantId tenant) => copies.Remove(tenant)?.Drop();

    public void Dispose()
    {
        stopping.Cancel();
        copies.Dispose();
    }

    private async Task FillAll(TenantId tenant, WordCopy copy, long chunks)
    {
        try
        {
            while (await files.Read(tenant, IndexSchema.Kind, d => copy.Follow(d, Slice), false, stopping.Token) && Keep(tenant, copy, chunks))
            {
                // The next slice.
            }
            Keep(tenant, copy, chunks);
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            // Sophia ends.
        }
        catch (Exception failure)
        {
            LogNotFilled(failure, tenant.Value);
        }
    }

    [LoggerMessage(2330, LogLevel.Warning, "The words of {Tenant}, {Chunks} passages, need more than the {Mib} MiB of SOPHIA_WORDS_MIB: its searches are answered from the disk")]
    private partial void LogTooMany(string tenant, long chunks, int mib);

    [LoggerMessage(2331, LogLevel.Warning, "The words of {Tenant} could not be read into memory; its searches are answered from the disk")]
    private partial void LogNotFilled(Exception failure, string tenant);
}
