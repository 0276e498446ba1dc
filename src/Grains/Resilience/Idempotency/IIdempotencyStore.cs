using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Where keys are remembered, beside the log. Every engine passes one suite.</summary>
internal interface IIdempotencyStore
{
    Task<IdempotencyRecord?> Find(TenantId tenant, string name, CancellationToken cancellation);

    /// <summary>Writes where the row has the expected stamp (0: there is none); when it completes, the disk has it, and every process sees it. Where only one machine has the store, a claim may be lost with it: its holder is, too.</summary>
    /// <returns>Whether it was written; where not, what is there instead.</returns>
    Task<(bool Done, IdempotencyRecord? There)> Write(TenantId tenant, string name, long expected, IdempotencyRecord record, CancellationToken cancellation);

    /// <summary>Takes the answers out of rows that keep one, of a page of names after one of them, in order (<see cref="IdempotencyRules.Forgotten"/>).</summary>
    /// <returns>The last name of the page; null: there are no more.</returns>
    Task<string?> Forget(TenantId tenant, string? after, int limit, CancellationToken cancellation);

    /// <summary>Removes rows that need not be kept any more, oldest first; how many.</summary>
    Task<int> Sweep(TenantId tenant, DateTimeOffset now, int limit, CancellationToken cancellation);
}
