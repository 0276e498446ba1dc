using System.Text.Json;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Looks for what an erasure takes and what names it, page by page: first the records that have the value, then their versions and whatever cites them.</summary>
internal sealed class ErasureLook(TenantId tenant, ILogStore log, IQuarantineStore quarantine, IErasureStore erasures)
{
    /// <summary>Rows and bytes of a page of the log; pages looked at between two states that are kept.</summary>
    private const int Rows = 2_000, Bytes = 4 * 1024 * 1024, Pages = 20;

    /// <summary>Keys that are asked for at once.</summary>
    private const int KeysAsked = 500;

    public async Task<ErasureJob> Look(ErasureJob job, CancellationToken cancellation)
    {
        var match = new ErasureMatch(job.Selection.Value!, job.Selection.Field);
        var streams = job.Selection.Streams is { Count: > 0 } named ? named.ToHashSet(StringComparer.Ordinal) : null;
        var found = job.Records.ToHashSet();
        var (at, more) = await Walk(job.LookedTo, entry =>
        {
            if (entry.Type == EntryType.Record && streams?.Contains(entry.Stream) != false && (match.Is(entry.Payload) || match.Is(entry.Source?.Payload ?? default)))
                found.Add(new RecordKey(entry.Stream, entry.Key));
        }, cancellation);
        var items = more ? [] : await Items(match, streams, found, cancellation);
        if (found.Count > ErasureRules.MaxRecords || items.Count > ErasureRules.MaxRecords)
            return Refused(job, $"More than {ErasureRules.MaxRecords} records or quarantined items have the value: name streams or a field, and erase in parts.");
        return job with { Records = Ordered(found), Items = items, LookedTo = more ? at : 0, Phase = more ? ErasurePhase.Looking : ErasurePhase.Counting };
    }

    public async Task<ErasureJob> Count(ErasureJob job, CancellationToken cancellation)
    {
        var (records, texts) = (job.Records.ToHashSet(), Names(job));
        var versions = job.Streams.ToDictionary(stream => stream.Stream, stream => stream.Versions, StringComparer.Ordinal);
        var conversations = job.Conversations.ToHashSet(StringComparer.Ordinal);
        var (messages, audits) = (job.ChatMessages, job.AuditEntries);
        var match = job.Selection.Value is { } value ? new ErasureMatch(value, null) : null;
        var (at, more) = await Walk(job.LookedTo, entry =>
        {
            switch (entry.Type)
            {
                case EntryType.Record when records.Contains(new RecordKey(entry.Stream, entry.Key)):
                    versions[entry.Stream] = versions.GetValueOrDefault(entry.Stream) + 1;
                    break;
                case EntryType.Chat when IsNamed(entry.Payload, records, texts, match):
                    messages++;
                    conversations.Add(entry.Stream);
                    break;
                case EntryType.Audit when IsNamed(entry.Payload, records, texts, match):
                    audits++;
                    break;
            }
        }, cancellation);
        var items = job.Items.ToHashSet();
        foreach (var some in more ? [] : job.Records.Chunk(KeysAsked))
            items.UnionWith(await erasures.ItemsOf(tenant, some, cancellation));
        if (items.Count > ErasureRules.MaxRecords)
            return Refused(job, $"More than {ErasureRules.MaxRecords} quarantined items are of these records: erase in parts.");
        var counts = job.Records.GroupBy(record => record.Stream, StringComparer.Ordinal).Select(stream => new ErasedStream(stream.Key, stream.Count(), versions.GetValueOrDefault(stream.Key)));
        return job with
        {
            Streams = [.. counts.OrderBy(stream => stream.Stream, StringComparer.Ordinal)], Items = [.. items.Order()], ChatMessages = messages, Conversations = [.. conversations.Order(StringComparer.Ordinal)],
            AuditEntries = audits, LookedTo = at, Phase = more ? ErasurePhase.Counting : ErasurePhase.Planned,
        };
    }

    private async Task<(long At, bool More)> Walk(long after, Action<LogEntry> look, CancellationToken cancellation)
    {
        for (var page = 0; page < Pages; page++)
        {
            var rows = await log.Read(tenant, after, Rows, Bytes, cancellation);
            if (rows.Count == 0)
                return (after, false);
            foreach (var entry in rows)
                look(entry);
            after = rows[^1].Position;
        }
        return (after, true);
    }

    // What is held back under a key is a version of its record, though nobody has taken it yet.
    private async Task<IReadOnlyList<long>> Items(ErasureMatch match, HashSet<string>? streams, HashSet<RecordKey> found, CancellationToken cancellation)
    {
        var items = new List<long>();
        long? before = null;
        while ((await quarantine.List(tenant, new QuarantineQuery(null, null, null, null, before, QuarantineRules.MaxListed), cancellation)).Items is { Count: > 0 } page)
        {
            foreach (var item in page)
            {
                before = item.Id;
                if (streams?.Contains(item.Stream) == false || !(Has(match, item.PayloadJson) || Has(match, item.Source?.PayloadJson)))
                    continue;
                items.Add(item.Id);
                if (item.Key is { } key && !OwnStreams.Include(item.Stream))
                    found.Add(new RecordKey(item.Stream, key));
            }
        }
        return [.. items.Order()];
    }

    private static bool Has(ErasureMatch match, string? json) => json is not null && match.Is(System.Text.Encoding.UTF8.GetBytes(json));

    private static ErasureJob Refused(ErasureJob job, string why) => ErasureRules.Anonymous(job) with { Phase = ErasurePhase.Refused, Refusal = why };

    private static IReadOnlyList<RecordKey> Ordered(IEnumerable<RecordKey> records) => [.. records.OrderBy(record => record.Stream, StringComparer.Ordinal).ThenBy(record => record.Key, StringComparer.Ordinal)];

    /// <summary>How entries of other kinds name records: by key, or by stream and key.</summary>
    private static HashSet<string> Names(ErasureJob job) => [.. job.Records.Where(record => record.Key.Length > 0).Select(record => $"{record.Stream}/{record.Key}")];

    private static bool IsNamed(ReadOnlyMemory<byte> payload, HashSet<RecordKey> records, HashSet<string> texts, ErasureMatch? match)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            return IsNamed(document.RootElement, records, texts, match);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsNamed(JsonElement element, HashSet<RecordKey> records, HashSet<string> texts, ErasureMatch? match) => element.ValueKind switch
    {
        JsonValueKind.String when (HeldText.Of(element) ?? HeldText.Raw(element)) is var text => texts.Contains(text) || match?.IsNamedIn(text) == true,
        JsonValueKind.Array => element.EnumerateArray().Any(each => IsNamed(each, records, texts, match)),
        JsonValueKind.Object => Names(element, records) || element.EnumerateObject().Any(each => IsNamed(each.Value, records, texts, match)),
        _ => false,
    };

    private static bool Names(JsonElement element, HashSet<RecordKey> records) =>
        HeldText.Of(element, "stream") is { } stream && HeldText.Of(element, "key") is { } key && records.Contains(new RecordKey(stream, key));
}
