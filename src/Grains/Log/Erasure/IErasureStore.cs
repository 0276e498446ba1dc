using System.Globalization;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Takes records out of the log for good, and keeps the list of those that may not come back (docs/adr/0025). Every engine passes one suite.</summary>
/// <remarks>A record enters the list with <see cref="AppendBatch.Erases"/>. Everything here may be done twice.</remarks>
public interface IErasureStore
{
    /// <summary>Removes in one transaction what the log has of these records, which must be on the list: all versions, the head, and what is quarantined under their keys; and quarantined items by number.
    /// An item stays as a row with its pipeline, stream, rules and times; payload, key, values and origin go.</summary>
    /// <param name="erasure">Whose doing it is; versions and items are counted under it.</param>
    Task Remove(TenantId tenant, string erasure, IReadOnlyList<RecordKey> records, IReadOnlyList<long> items, DateTimeOffset at, CancellationToken cancellation);

    /// <summary>Removes in one transaction every event of a conversation, and the operations that it did once; how many events. Its name may be used anew.</summary>
    Task<long> RemoveChat(TenantId tenant, string session, CancellationToken cancellation);

    /// <summary>What an erasure removed so far.</summary>
    Task<ErasedCounts> Counts(TenantId tenant, string erasure, CancellationToken cancellation);

    /// <summary>Numbers of quarantined items of these keys, whatever was decided about them.</summary>
    Task<IReadOnlyList<long>> ItemsOf(TenantId tenant, IReadOnlyList<RecordKey> records, CancellationToken cancellation);

    /// <summary>The list of records that may not come back, by stream and mark, after one of it; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<BlockedMark>> Blocked(TenantId tenant, BlockedMark? after, int limit, CancellationToken cancellation);

    /// <summary>Takes marks off the list, whatever their streams; answers how many stood on it.</summary>
    Task<int> Allow(TenantId tenant, IReadOnlyList<UInt128> marks, CancellationToken cancellation);

    /// <summary>Makes the bytes of what was removed unreadable where the engine would leave them in its files until they are needed again.</summary>
    Task Scrub(TenantId tenant, CancellationToken cancellation);
}

/// <summary>Records, versions and quarantined items that an erasure removed.</summary>
public sealed record ErasedCounts(long Records, long Versions, long Items);

/// <summary>A record that may not come back, known by its mark alone.</summary>
public sealed record BlockedMark(string Stream, UInt128 Mark, string Erasure, DateTimeOffset At);

/// <summary>What records are known by once their keys are gone: the first 16 bytes, big-endian, of HMAC-SHA256 over stream, zero, key, under a key of the installation and the tenant.</summary>
public interface IRecordMarks
{
    /// <exception cref="Operations.RefusedException">Unavailable: the installation has no key.</exception>
    UInt128 Of(TenantId tenant, string stream, ReadOnlySpan<byte> key);
}

/// <summary>Marks as people see them: 32 digits of lower hex.</summary>
public static class RecordMark
{
    public static string Text(UInt128 mark) => mark.ToString("x32", CultureInfo.InvariantCulture);

    public static UInt128? Of(string text) => text.Length == 32 && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var mark) ? mark : null;
}
