using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Reads a tenant's memory for an export; the key is the tenant.</summary>
/// <remarks>It has no state: a reader that lost its place begins again or asks the same page again.</remarks>
[InTenantPool]
internal sealed class TenantExportGrain(ILogStore log, IQuarantineStore quarantine, TimeProvider time) : Grain, ITenantExportGrain
{
    private const int MaxRows = 1_000;
    private const int MaxBytes = 1 << 20;
    private const int MaxItems = 100;

    private TenantId Tenant => TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;

    public async Task<long> Begin(string by)
    {
        SystemCall.MustBe();
        await new TenantAudit(log, Tenant, time).Write("export", by, null);
        return await log.Head(Tenant, CancellationToken.None);
    }

    public Task<ExportPage> Page(ExportPart part, long after, long upTo)
    {
        SystemCall.MustBe();
        return part switch
        {
            ExportPart.Records => Rows(EntryType.Record, after, upTo),
            ExportPart.Conversations => Rows(EntryType.Chat, after, upTo),
            ExportPart.Audit => Rows(EntryType.Audit, after, upTo),
            ExportPart.Definitions => Definitions(),
            ExportPart.Quarantine => Quarantine(after),
            _ => throw new RefusedException(RefusalCode.Invalid, $"{part} is no part of an export."),
        };
    }

    private async Task<ExportPage> Rows(EntryType type, long after, long upTo)
    {
        var rows = await log.Read(Tenant, after, MaxRows, MaxBytes, CancellationToken.None);
        var within = rows.TakeWhile(row => row.Position <= upTo).ToList();
        var lines = within.Where(row => row.Type == type).ToList();
        long? next = within.Count > 0 && within.Count == rows.Count && within[^1].Position < upTo ? within[^1].Position : null;
        return new ExportPage(ExportLines.Of(lines), lines.Count, next);
    }

    private async Task<ExportPage> Definitions()
    {
        var views = await GrainFactory.Pipelines(Tenant);
        return new ExportPage(ExportLines.Of(views), views.Count, null);
    }

    // Newest first, as the store has them: the cursor is the id to go on below.
    private async Task<ExportPage> Quarantine(long before)
    {
        var page = await quarantine.List(Tenant, new QuarantineQuery(State: null, Before: before == 0 ? null : before, Limit: MaxItems), CancellationToken.None);
        return new ExportPage(ExportLines.Of(page.Items), page.Items.Count, page.Items.Count == MaxItems ? page.Items[^1].Id : null);
    }
}
