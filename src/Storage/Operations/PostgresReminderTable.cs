using Npgsql;
using Orleans;
using Orleans.Runtime;
using Sophia.Postgres;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Reminders of all grains in PostgreSQL, under the system's name.</summary>
internal sealed class PostgresReminderTable(PostgresDatabase database) : IReminderTable
{
    private const string Columns = "SELECT grain, name, start_ticks, period_ticks, etag FROM sophia.reminders WHERE tenant=$1";
    private static readonly TenantId System = TenantId.Parse(TenantKey.System);

    public Task<ReminderTableData> ReadRows(GrainId grainId) => Rows(ask => ask.Add($"{Columns} AND grain=$2 ORDER BY name").Text(grainId.ToString()));

    public Task<ReminderTableData> ReadRows(uint begin, uint end)
    {
        var range = begin < end ? "hash > $2 AND hash <= $3" : begin == end ? "$2 = $3" : "(hash > $2 OR hash <= $3)";
        return Rows(ask => ask.Add($"{Columns} AND {range} ORDER BY grain, name").Int(begin).Int(end));
    }

    public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
        (await Rows(ask => ask.Add($"{Columns} AND grain=$2 AND name=$3").Text(grainId.ToString()).Text(reminderName))).Reminders.FirstOrDefault();

    public async Task<string?> UpsertRow(ReminderEntry entry)
    {
        var tag = Guid.NewGuid().ToString("N");
        await Write(ask => ask.Add("""
            INSERT INTO sophia.reminders(tenant, grain, name, hash, start_ticks, period_ticks, etag) VALUES($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT(tenant, grain, name) DO UPDATE SET hash=$4, start_ticks=$5, period_ticks=$6, etag=$7 RETURNING 1
            """).Text(entry.GrainId.ToString()).Text(entry.ReminderName).Int(entry.GrainId.GetUniformHashCode()).Int(entry.StartAt.Ticks).Int(entry.Period.Ticks).Text(tag));
        return tag;
    }

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) =>
        Write(ask => ask.Add("DELETE FROM sophia.reminders WHERE tenant=$1 AND grain=$2 AND name=$3 AND etag=$4 RETURNING 1").Text(grainId.ToString()).Text(reminderName).Text(eTag));

    public Task TestOnlyClearTable() => Write(ask => ask.Add("DELETE FROM sophia.reminders WHERE tenant=$1 RETURNING 1"));

    private async Task<ReminderTableData> Rows(Action<TenantStatements> ask) => new(await database.List(System, ask, Entry, CancellationToken.None));

    /// <summary>Whether a row was touched.</summary>
    private Task<bool> Write(Action<TenantStatements> ask) => database.Write(System, transaction => transaction.Ask(ask, reader => reader.ReadAsync()), CancellationToken.None);

    private static ReminderEntry Entry(NpgsqlDataReader row) => new()
    {
        GrainId = GrainId.Parse(row.GetString(0)),
        ReminderName = row.GetString(1),
        StartAt = new DateTime(row.GetInt64(2), DateTimeKind.Utc),
        Period = TimeSpan.FromTicks(row.GetInt64(3)),
        ETag = row.GetString(4),
    };
}
