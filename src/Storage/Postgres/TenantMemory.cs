namespace Sophia.Postgres;

/// <summary>What a lane remembers of its tenant between transactions: numbers of streams, runs and partitions, which never change once they were committed.</summary>
internal sealed class TenantMemory
{
    /// <summary>Names and streams remembered per tenant, each.</summary>
    private const int MaxRemembered = 10_000;

    private readonly Dictionary<string, long> numbers = [];
    private readonly Dictionary<string, (long Id, short Type)> streams = [];
    private readonly Dictionary<string, long> newNumbers = [];
    private readonly Dictionary<string, (long Id, short Type)> newStreams = [];

    /// <summary>Whether the tenant's own row is known to be there.</summary>
    public bool TenantIsThere { get; private set; }

    /// <summary>Since when it is; null: not known. Who was deleted and made again has another one, and other numbers.</summary>
    public DateTime? Since { get; private set; }

    /// <summary>Learnt within a transaction that may still fail.</summary>
    public DateTime? NewSince { private get; set; }

    /// <summary>When to look next for what is too old to be kept.</summary>
    public DateTimeOffset LookAt { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <summary>Set within a transaction that may still fail.</summary>
    public DateTimeOffset? NewLookAt { private get; set; }

    /// <summary>The number of a name, 0 for none, null where it is not known.</summary>
    public long? Number(string? name) => string.IsNullOrEmpty(name) ? 0 : numbers.TryGetValue(name, out var id) || newNumbers.TryGetValue(name, out id) ? id : null;

    public (long Id, short Type)? Stream(string name) => streams.TryGetValue(name, out var row) || newStreams.TryGetValue(name, out row) ? row : null;

    /// <summary>Learnt within a transaction that may still fail.</summary>
    public void Learn(string name, long id) => newNumbers[name] = id;

    public void Learn(string stream, long id, short type) => newStreams[stream] = (id, type);

    public void Committed()
    {
        TenantIsThere = true;
        LookAt = NewLookAt ?? LookAt;
        Since = NewSince ?? Since;
        NewLookAt = null;
        Keep(numbers, newNumbers);
        Keep(streams, newStreams);
    }

    /// <summary>What is remembered is of a tenant that is no more.</summary>
    public void Forget()
    {
        (TenantIsThere, Since, NewSince, LookAt) = (false, null, null, DateTimeOffset.UnixEpoch);
        numbers.Clear();
        streams.Clear();
        RolledBack();
    }

    public void RolledBack()
    {
        NewLookAt = null;
        NewSince = null;
        newNumbers.Clear();
        newStreams.Clear();
    }

    private static void Keep<T>(Dictionary<string, T> known, Dictionary<string, T> fresh)
    {
        if (known.Count + fresh.Count > MaxRemembered)
            known.Clear();
        foreach (var (name, value) in fresh)
            known[name] = value;
        fresh.Clear();
    }
}
