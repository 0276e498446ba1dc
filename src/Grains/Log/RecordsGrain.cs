using System.Text;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Reads a tenant's records from the log; the key is the tenant.</summary>
/// <remarks>It keeps nothing, so it may answer any number of questions at a time.</remarks>
[StatelessWorker, InTenantPool]
internal sealed class RecordsGrain(ILogStore log, IRecordExplainer explainer) : Grain, IRecordsGrain
{
    private const int MaxLimit = 1_000;
    private const int HistoryPage = 100;

    private TenantId Tenant => TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;

    public async Task<RecordView?> Current(string stream, string key) => WithSource(await log.Newest(Tenant, stream, key, default));

    public async Task<RecordView?> Version(string stream, string key, long version)
    {
        if (version < 1)
            return null;
        var found = await log.History(Tenant, stream, key, version + 1, 1, default);
        return found is [var entry] && entry.Version == version ? WithSource(entry) : null;
    }

    public async Task<RecordView?> AsOf(string stream, string key, DateTimeOffset moment)
    {
        var found = await Walked(stream, key, moment);
        // Asked last: what is removed while it is read moves the horizon.
        MustReach(stream, moment, (await log.AsOf(Tenant, stream, moment, key, 1, default)).Horizon);
        return found;
    }

    public async Task<RecordsPage> Standing(string stream, DateTimeOffset moment, string? afterKey, int limit)
    {
        var page = await log.AsOf(Tenant, stream, moment, afterKey, Checked(limit), default);
        MustReach(stream, moment, page.Horizon);
        return new RecordsPage([.. page.Rows.Select(ViewOf).OfType<RecordView>()], page.Next);
    }

    private static void MustReach(string stream, DateTimeOffset moment, DateTimeOffset? horizon)
    {
        if (horizon > moment)
            throw new RefusedException(RefusalCode.Conflict, $"The stream \"{stream}\" can be read as it stood from {horizon.Value.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture)} UTC on; older versions were removed by its retention.");
    }

    private async Task<RecordView?> Walked(string stream, string key, DateTimeOffset moment)
    {
        long? below = null;
        while (true)
        {
            var page = await log.History(Tenant, stream, key, below, HistoryPage, default);
            foreach (var entry in page)
                if (entry.At <= moment)
                    return WithSource(entry);
            if (page.Count < HistoryPage)
                return null;
            below = page[^1].Version;
        }
    }

    public async Task<IReadOnlyList<RecordView>> Versions(string stream, string key, int limit) =>
        (await log.History(Tenant, stream, key, null, Checked(limit), default)).Select(ViewOf).OfType<RecordView>().ToArray();

    public async Task<IReadOnlyList<StreamView>> Streams() =>
        (await log.Streams(Tenant, default)).Where(stream => stream.Type == EntryType.Record)
            .OrderBy(stream => stream.Stream, StringComparer.Ordinal).Select(stream => new StreamView(stream.Stream, stream.Records, stream.Deleted)).ToArray();

    public async Task<IReadOnlyList<RecordView>> Scan(string stream, string? afterKey, int limit) =>
        (await log.Current(Tenant, stream, afterKey, Checked(limit), default)).Select(ViewOf).OfType<RecordView>().ToArray();

    public Task<WhyView> Why(string id) => explainer.Explain(Tenant, id, default);

    private static int Checked(int limit) => limit is >= 1 and <= MaxLimit ? limit
        : throw new RefusedException(RefusalCode.Invalid, $"limit: expected 1 to {MaxLimit}, found {limit}.");

    private static RecordView? ViewOf(LogEntry? entry) => entry is null || entry.Type != EntryType.Record ? null
        : new RecordView(entry.Stream, entry.Key, entry.Version, entry.Operation, Encoding.UTF8.GetString(entry.Payload.Span), entry.At, entry.Run, entry.Position,
            entry.Hash.ToString("x32", System.Globalization.CultureInfo.InvariantCulture), entry.Source?.DefinitionVersion);

    private static RecordView? WithSource(LogEntry? entry) => ViewOf(entry) is { } view && entry!.Source is { Payload.IsEmpty: false } source ? view with { SourceJson = Encoding.UTF8.GetString(source.Payload.Span) } : ViewOf(entry);
}
