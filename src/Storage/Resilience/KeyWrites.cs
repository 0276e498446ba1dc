using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>One write of a key's record, where its row has the expected stamp (0: there is none).</summary>
internal sealed record KeyWrite(string Name, long Expected, IdempotencyRecord Record)
{
    /// <summary>The record as it lies in its row.</summary>
    public (byte[] Record, byte[]? Body) Written { get; } = IdempotencyRecordJson.Write(Record);

    public int Bytes => Written.Record.Length + (Written.Body?.Length ?? 0);
}

/// <summary>Writes of a tenant's keys that come while its writer is at others wait together: it takes all of them as one piece of work when it gets there.</summary>
/// <param name="write">Writes what its argument says when it is asked, in one transaction; one answer for each, in order. It may ask more than once, and gets the same.</param>
internal sealed class KeyWrites(Func<TenantId, Func<IReadOnlyList<KeyWrite>>, Task<IReadOnlyList<(bool Done, IdempotencyRecord? There)>>> write)
{
    /// <summary>Keys of one piece of work.</summary>
    public const int MostKeys = 128;

    /// <summary>Bytes after which a piece of work takes no further key: 1 MiB.</summary>
    public const int MostBytes = 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<TenantId, Waiting> open = [];

    /// <summary>Whether it was written; where not, what is there instead.</summary>
    /// <remarks>Where the store does not answer, nobody knows what was written, and all who wait together are told. Any other failure is somebody's own: each is written alone then, so that only the guilty one fails.</remarks>
    public async Task<(bool Done, IdempotencyRecord? There)> Write(TenantId tenant, KeyWrite asked)
    {
        var (together, place) = Join(tenant, asked);
        try
        {
            return (await together.Told.Task)[place];
        }
        catch (Exception failure) when (failure is not StorageException && together.Count > 1)
        {
            return (await write(tenant, () => [asked]))[0];
        }
    }

    private (Waiting Together, int Place) Join(TenantId tenant, KeyWrite asked)
    {
        Waiting together;
        lock (gate)
        {
            if (open.TryGetValue(tenant, out var known) && known.TryAdd(asked))
                return (known, known.Count - 1);
            open[tenant] = together = new Waiting(asked);
        }
        _ = Task.Run(() => Write(tenant, together)); // Not as one who asked: his activation may end before the others are told.
        return (together, 0);
    }

    private async Task Write(TenantId tenant, Waiting together)
    {
        try
        {
            together.Told.SetResult(await write(tenant, () => Close(tenant, together)));
        }
        catch (Exception failure)
        {
            Close(tenant, together); // The writer may not have got there.
            together.Told.SetException(failure);
        }
    }

    private IReadOnlyList<KeyWrite> Close(TenantId tenant, Waiting together)
    {
        lock (gate)
        {
            if (open.TryGetValue(tenant, out var known) && known == together)
                open.Remove(tenant);
            return together.Close();
        }
    }

    // A name stands in it once: who writes the same one next waits for what became of it.
    private sealed class Waiting(KeyWrite first)
    {
        private readonly List<KeyWrite> asked = [first];
        private readonly HashSet<string> names = [first.Name];
        private int bytes = first.Bytes;

        public TaskCompletionSource<IReadOnlyList<(bool Done, IdempotencyRecord? There)>> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count => asked.Count;

        public bool TryAdd(KeyWrite next)
        {
            if (asked.Count == MostKeys || bytes >= MostBytes || !names.Add(next.Name))
                return false;
            asked.Add(next);
            bytes += next.Bytes;
            return true;
        }

        public IReadOnlyList<KeyWrite> Close() => asked;
    }
}
