using Npgsql;

namespace Sophia.Postgres;

/// <summary>Asks a PostgreSQL what it is. It changes nothing, and what it says holds no password.</summary>
internal static class PostgresLook
{
    private const int Seconds = 5;

    private const string Question = """
        SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_user::text,
            (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user),
            EXISTS(SELECT FROM pg_namespace WHERE nspname = 'sophia' AND has_schema_privilege(oid, 'USAGE')), clock_timestamp(),
            current_setting('fsync'), current_setting('full_page_writes'), current_setting('max_connections')
        """;

    /// <summary>Host, port and database of a connection string; null where it is none.</summary>
    public static string? Server(string connection)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connection);
            return $"{settings.Host}:{settings.Port}/{settings.Database}";
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    public static async Task<PostgresSeen> At(string connection, string? owner, CancellationToken cancellation)
    {
        var seen = await Asked(connection, cancellation);
        if (seen.Failed is not null || owner is null)
            return seen;
        return seen with { HasOwner = true, OwnerFailed = (await Asked(owner, cancellation)).Failed };
    }

    private static async Task<PostgresSeen> Asked(string connection, CancellationToken cancellation)
    {
        try
        {
            await using var opened = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connection) { Pooling = false, Timeout = Seconds, CommandTimeout = Seconds, ApplicationName = "sophia doctor" }.ConnectionString);
            await opened.OpenAsync(cancellation);
            var before = DateTimeOffset.UtcNow;
            await using var ask = new NpgsqlCommand(Question, opened);
            await using var row = await ask.ExecuteReaderAsync(cancellation);
            await row.ReadAsync(cancellation);
            var between = before + (DateTimeOffset.UtcNow - before) / 2;
            return new PostgresSeen(null, row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetBoolean(3), row.GetBoolean(4), Skew: new DateTimeOffset(row.GetDateTime(5), TimeSpan.Zero) - between)
            {
                Settings = new Dictionary<string, string> { ["fsync"] = row.GetString(6), ["full_page_writes"] = row.GetString(7), ["max_connections"] = row.GetString(8) },
            };
        }
        catch (PostgresException refused)
        {
            return new PostgresSeen(refused.MessageText); // Without the statement and its place.
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException or ArgumentException or IOException or System.Net.Sockets.SocketException)
        {
            return new PostgresSeen(failure is ArgumentException ? "SOPHIA_POSTGRES is no connection string" : $"does not answer: {failure.GetBaseException().Message}");
        }
    }
}

/// <summary>What a PostgreSQL said of itself.</summary>
/// <param name="Failed">Why it said nothing; null: it did.</param>
/// <param name="Skew">The server's clock less this machine's.</param>
internal sealed record PostgresSeen(string? Failed = null, string Version = "", int VersionNumber = 0, string Role = "", bool SeesTooMuch = false, bool HasSchema = false, bool HasOwner = false, string? OwnerFailed = null, TimeSpan? Skew = null)
{
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
