using Sophia.Log;
using Sophia.Sqlite;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Idempotency keys in each tenant's log.db.</summary>
/// <remarks>What says that work is under way is not synced: it is in the file, so it outlives the process, and where the machine loses it, whoever does the work is lost too. Ends are on the disk.</remarks>
internal sealed class SqliteIdempotencyStore(DatabaseFiles files) : IIdempotencyStore
{
    private readonly KeyWrites claims = Together(files, Durability.Normal), ends = Together(files, Durability.Full);

    public Task<IdempotencyRecord?> Find(TenantId tenant, string name, CancellationToken cancellation) =>
        files.Read(tenant, LogSchema.Kind, connection => IdempotencyTable.Find(connection, name), null, cancellation);

    public Task<(bool Done, IdempotencyRecord? There)> Write(TenantId tenant, string name, long expected, IdempotencyRecord record, CancellationToken cancellation) =>
        (record.State == IdempotencyState.Running ? claims : ends).Write(tenant, new KeyWrite(name, expected, record));

    public Task<string?> Forget(TenantId tenant, string? after, int limit, CancellationToken cancellation) => files.Exists(tenant, LogSchema.Kind)
        ? files.Write(tenant, LogSchema.Kind, connection => IdempotencyTable.Forget(connection, after, limit), cancellation) : Task.FromResult<string?>(null);

    public Task<int> Sweep(TenantId tenant, DateTimeOffset now, int limit, CancellationToken cancellation) => files.Exists(tenant, LogSchema.Kind)
        ? files.Write(tenant, LogSchema.Kind, connection => IdempotencyTable.Sweep(connection, now, limit), cancellation) : Task.FromResult(0);

    private static KeyWrites Together(DatabaseFiles files, Durability durability) => new((tenant, asked) =>
        files.Write<IReadOnlyList<(bool, IdempotencyRecord?)>>(tenant, LogSchema.Kind, connection => IdempotencyTable.Write(connection, asked()), CancellationToken.None, durability, KeyWrites.MostBytes));
}
