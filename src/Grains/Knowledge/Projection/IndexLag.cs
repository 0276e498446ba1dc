using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>How far the log is ahead of the index. Rows that are no records (messages of conversations, audit entries) are nothing to wait for.</summary>
internal static class IndexLag
{
    /// <summary>Rows looked at, and their bytes: where more than these wait, some of them count as records.</summary>
    private const int Rows = 64, Bytes = 256 * 1024;

    /// <summary>The log's head where a record after <paramref name="cursor"/> waits for the index, else the cursor.</summary>
    public static async Task<long> Head(ILogStore log, TenantId tenant, long cursor, CancellationToken cancellation)
    {
        var head = await log.Head(tenant, cancellation);
        if (head <= cursor)
            return cursor;
        var next = await log.Read(tenant, cursor, Rows, Bytes, cancellation);
        return next.Count > 0 && next[^1].Position >= head && next.All(row => row.Type != EntryType.Record) ? cursor : head;
    }
}
