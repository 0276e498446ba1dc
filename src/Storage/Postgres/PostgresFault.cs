using Npgsql;
using Sophia.Log;

namespace Sophia.Postgres;

/// <summary>Turns what Npgsql throws into the store's few faults, and a caller's mistake into an <see cref="ArgumentException"/>.</summary>
internal static class PostgresFault
{
    /// <summary>idle_in_transaction_session_timeout: the server ended the connection.</summary>
    private const string IdleTooLong = "25P03";

    public static Exception Of(NpgsqlException failure, string server) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.ProgramLimitExceeded } refused =>
            new ArgumentException("A key, name or path is longer than 2,600 bytes, more than PostgreSQL can index.", failure),
        PostgresException { SqlState: var state } refused when state.StartsWith("22", StringComparison.Ordinal) =>
            new ArgumentException($"PostgreSQL cannot hold a value: {refused.MessageText}", failure),
        PostgresException refused => new StorageException(Kind(refused.SqlState), Explained(refused, server), failure),
        _ => new StorageException(StorageFault.Unreachable, $"PostgreSQL at {server} does not answer: {(failure.InnerException ?? failure).Message}", failure),
    };

    /// <summary>Whether the same work may succeed at once when it is done again, nothing of it having been committed.</summary>
    /// <remarks>A transaction whose silo let it wait for too long was rolled back before its COMMIT could come.</remarks>
    public static bool IsPassing(Exception failure) => failure is PostgresException
    {
        SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or IdleTooLong,
    };

    /// <summary>Whether the connection ended, so that what it was doing may or may not have been committed.</summary>
    public static bool EndsConnection(Exception failure) => failure switch
    {
        PostgresException refused => refused.InvariantSeverity is "FATAL" or "PANIC" || refused.SqlState.StartsWith("57P", StringComparison.Ordinal) || refused.SqlState.StartsWith("08", StringComparison.Ordinal),
        _ => failure is NpgsqlException,
    };

    /// <summary>Whether the connection could not be made or broke by itself, and not because something took too long: the same may succeed on another.</summary>
    public static bool IsGoneAtOnce(Exception failure) => failure is NpgsqlException { InnerException: not TimeoutException } && (EndsConnection(failure) || failure is PostgresException { SqlState: PostgresErrorCodes.TooManyConnections });

    private static StorageFault Kind(string state) => state switch
    {
        PostgresErrorCodes.DiskFull => StorageFault.Full,
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => StorageFault.Corrupt,
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            or IdleTooLong => StorageFault.Locked,
        PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.TooManyConnections => StorageFault.Unreachable,
        // Refused or ended connections: authorization, no such database, shutting down.
        _ when state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("28", StringComparison.Ordinal) || state.StartsWith("57P", StringComparison.Ordinal) => StorageFault.Unreachable,
        PostgresErrorCodes.InvalidCatalogName => StorageFault.Unreachable,
        _ => StorageFault.Unknown,
    };

    private static string Explained(PostgresException refused, string server) => refused.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword => $"PostgreSQL at {server} refuses user or password: {refused.MessageText}. Check SOPHIA_POSTGRES.",
        PostgresErrorCodes.InvalidCatalogName => $"PostgreSQL at {server} has no such database: {refused.MessageText}. Check SOPHIA_POSTGRES.",
        PostgresErrorCodes.ReadOnlySqlTransaction => $"PostgreSQL at {server} is a standby or read-only: {refused.MessageText}.",
        PostgresErrorCodes.TooManyConnections => $"PostgreSQL at {server} has no connection left: raise max_connections to silos × PostgresOptions.Connections + 10.",
        _ => $"PostgreSQL at {server} failed: {refused.MessageText} ({refused.SqlState}).",
    };
}
