using System.Globalization;
using System.Text;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Finds what a replay asks for, page by page. A page's place is "k" and the last key, "p" and the last position, or "q" and the oldest held item.</summary>
/// <remarks>The log has no order by run or time: positions rise with time, so the first row of a span is found by halving, and the rest is read in order. At most
/// <see cref="MostRows"/> rows are read for one page, whether they belong to it or not.</remarks>
internal sealed class ReplayReader(TenantId tenant, ReplayQuery query, ILogStore log, IRunStore runs, IQuarantineStore quarantine)
{
    public const int MostRows = 20_000;
    public const int MostLimit = 5_000;

    private const int MostBytes = 16 * 1024 * 1024;

    /// <summary>How far clocks of processes that wrote the log may be apart.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromMinutes(2);

    /// <exception cref="RefusedException">It names nothing to replay, or what cannot be.</exception>
    public static void Check(ReplayQuery query)
    {
        if (query.Limit is < 1 or > MostLimit)
            throw new RefusedException(RefusalCode.Invalid, $"limit: expected 1 to {MostLimit}, found {query.Limit}.");
        if (query.Run is null && query.Stream is null)
            throw new RefusedException(RefusalCode.Invalid, "Name what to replay: a run, or a stream.");
        if (query.Key is not null && query.Stream is null)
            throw new RefusedException(RefusalCode.Invalid, "A key stands in a stream: name the stream too.");
        if (query.From > query.Until)
            throw new RefusedException(RefusalCode.Invalid, "from is after until.");
        if (query.After is { } place && (place.Length < 1 || place[0] is not ('k' or 'p' or 'q') || (place[0] != 'k' && !long.TryParse(place.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out _))))
            throw new RefusedException(RefusalCode.Invalid, "after: expected the next of an earlier page.");
    }

    /// <summary>Gives the page's records to <paramref name="look"/>; the answer is where the next page begins, null at the end.</summary>
    public async Task<string?> Read(Action<Remembered> look, CancellationToken cancellation)
    {
        if (query.After is ['q', .. var item])
            return await Held(long.Parse(item, CultureInfo.InvariantCulture), look, cancellation);
        if (query.Key is not null)
        {
            foreach (var entry in await log.History(tenant, query.Stream!, query.Key, null, query.Limit, cancellation))
                if (Takes(entry))
                    look(Of(entry));
            return $"q{long.MaxValue}";
        }
        return query.Run is null && query.From is null && query.Until is null ? await Current(look, cancellation) : await Span(look, cancellation);
    }

    /// <summary>About how many records there are to look at; null where nothing knows without reading them.</summary>
    public async Task<long?> Total(CancellationToken cancellation)
    {
        if (query is not { Key: null, From: null, Until: null })
            return null;
        if (query.Run is not null)
            return query.Stream is null && await runs.Find(tenant, query.Run, cancellation) is { } run ? run.Counts.Stored + run.Counts.Quarantined : null;
        return (await log.Streams(tenant, cancellation)).FirstOrDefault(stream => stream.Type == EntryType.Record && stream.Stream == query.Stream)?.Records;
    }

    private async Task<string?> Current(Action<Remembered> look, CancellationToken cancellation)
    {
        var entries = await log.Current(tenant, query.Stream!, query.After is ['k', .. var key] ? key : null, query.Limit, cancellation);
        foreach (var entry in entries)
            if (Takes(entry))
                look(Of(entry));
        return entries.Count < query.Limit ? $"q{long.MaxValue}" : $"k{entries[^1].Key}";
    }

    private async Task<string?> Span(Action<Remembered> look, CancellationToken cancellation)
    {
        var run = query.Run is null ? null : await runs.Find(tenant, query.Run, cancellation) ?? throw new RefusedException(RefusalCode.NotFound, $"There is no run \"{query.Run}\".");
        var (from, until) = (Latest(query.From, run?.StartedAt), query.Until);
        var last = run is null ? await log.Head(tenant, cancellation) : run.LastPosition;
        var after = query.After is ['p', .. var place] ? long.Parse(place, CultureInfo.InvariantCulture) : from is { } first ? await Before(first - Apart, last, cancellation) : 0;
        for (int read = 0, taken = 0; read < MostRows && taken < query.Limit;)
        {
            var rows = await log.Read(tenant, after, Math.Min(1_000, query.Limit), MostBytes, cancellation);
            foreach (var entry in rows)
            {
                if (entry.Position > last || entry.At > until + Apart)
                    return $"q{long.MaxValue}";
                (after, read) = (entry.Position, read + 1);
                if (!Takes(entry))
                    continue;
                look(Of(entry));
                if (++taken == query.Limit)
                    break;
            }
            if (rows.Count == 0)
                return $"q{long.MaxValue}";
        }
        return $"p{after.ToString(CultureInfo.InvariantCulture)}";
    }

    private async Task<string?> Held(long before, Action<Remembered> look, CancellationToken cancellation)
    {
        var page = await quarantine.List(tenant, new QuarantineQuery(query.Pipeline, query.Stream, query.Run, QuarantineState.Held, before, Math.Min(query.Limit, QuarantineRules.MaxListed)), cancellation);
        foreach (var item in page.Items)
            if (item.PayloadJson is { } json && (query.Key is null || query.Key == item.Key) && (query.From is null || item.At >= query.From) && (query.Until is null || item.At <= query.Until))
                look(new Remembered(item.Stream, item.Key, 0, item.Id, Encoding.UTF8.GetBytes(json), QuarantineRules.SourceOf(item), IsHeld: true));
        return page.Items.Count == 0 ? null : $"q{page.Items[^1].Id.ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>A position before the first row that is not older than a moment.</summary>
    private async Task<long> Before(DateTimeOffset moment, long last, CancellationToken cancellation)
    {
        var (low, high) = (0L, last);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var rows = await log.Read(tenant, middle, 1, 1, cancellation);
            if (rows is [var row] && row.At < moment)
                low = row.Position;
            else
                high = middle;
        }
        return low;
    }

    private static DateTimeOffset? Latest(DateTimeOffset? one, DateTimeOffset? other) => one is null ? other : other is null || one > other ? one : other;

    private bool Takes(LogEntry entry) => entry is { Type: EntryType.Record, Operation: RecordOperation.Upsert } && (query.Run is null || entry.Run == query.Run)
        && (query.Stream is null || entry.Stream == query.Stream) && (query.From is null || entry.At >= query.From) && (query.Until is null || entry.At <= query.Until);

    private static Remembered Of(LogEntry entry) => new(entry.Stream, entry.Key, entry.Version, 0, entry.Payload, entry.Source, IsHeld: false);
}
