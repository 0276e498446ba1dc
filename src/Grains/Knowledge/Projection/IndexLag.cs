using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>How far the log is ahead of the index. Rows that are no records (messages of conversations, audit entries) are nothing to wait for.</summary>
internal static class IndexLag
{
    /// <summary>Rows read at a time, and their bytes; and how often: where more than these wait, some of them count as records.</summary>
    private const int Rows = 256, Bytes = 256 * 1024, Pages = 8;

    /// <summary>The log's head where a record after <paramref name="cursor"/> waits for the index, else the cursor.</summary>
    public static async Task<long> Head(ILogStore log, TenantId tenant, long cursor, CancellationToken cancellation)
    {
        var head = await log.Head(tenant, cancellation);
        var looked = cursor;
        for (var page = 0; page < Pages && looked < head; page++)
        {
            var next = await log.Read(tenant, looked, Rows, Bytes, cancellation);
            if (next.Count == 0 || next.Any(row => row.Type == EntryType.Record))
                return head;
            looked = next[^1].Position;
        }
        return looked >= head ? cursor : head;
    }
}
