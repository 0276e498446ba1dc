using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>Reads the quarantine, which the log store writes in an append's own transaction.</summary>
public interface IQuarantineStore
{
    /// <summary>Items newest first, matching the query; the count of held ones and the reasons are of the whole tenant under the same pipeline and stream.</summary>
    Task<QuarantinePage> List(TenantId tenant, QuarantineQuery query, CancellationToken cancellation);

    Task<QuarantinedItem?> Find(TenantId tenant, long id, CancellationToken cancellation);

    /// <summary>Held items of a key, newest first.</summary>
    Task<IReadOnlyList<QuarantinedItem>> OfKey(TenantId tenant, string stream, string key, CancellationToken cancellation);
}

/// <summary>An item to hold back. Payload is null for a piece that is no record. HeadVersion is the key's newest version when it was judged.</summary>
public sealed record NewQuarantine(string Pipeline, string Stream, string? Key, ReadOnlyMemory<byte>? Payload, IReadOnlyList<CellReason> Reasons, Origin Origin, int DefinitionVersion)
{
    /// <summary>What the record was transformed from; null where its source said it so.</summary>
    public EntrySource? Source { get; init; }
}

/// <summary>A change of an item's state, refused as a whole (nothing is appended) unless the item is held.</summary>
public sealed record QuarantineDecision(long Id, QuarantineState State, string By, string? Note, ReadOnlyMemory<byte>? NewPayload = null, IReadOnlyList<CellReason>? NewReasons = null);
