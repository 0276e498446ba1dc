using Orleans;
using Orleans.Runtime;
using Sophia.Sqlite;

namespace Sophia.Operations;

/// <summary>Reminders of all grains, in platform.db.</summary>
internal sealed class SqliteReminderTable(DatabaseFiles files) : IReminderTable
{
    private const string Columns = "grain, name, start_ticks, period_ticks, etag FROM reminders";

    public Task<ReminderTableData> ReadRows(GrainId grainId) =>
        Read(connection => Rows(connection.Prepare($"SELECT {Columns} WHERE grain=?1 ORDER BY name").Text(1, grainId.ToString())));

    public Task<ReminderTableData> ReadRows(uint begin, uint end)
    {
        var range = begin < end ? "hash > ?1 AND hash <= ?2" : begin == end ? "?1 = ?2" : "(hash > ?1 OR hash <= ?2)";
        return Read(connection => Rows(connection.Prepare($"SELECT {Columns} WHERE {range} ORDER BY grain, name").Int(1, begin).Int(2, end)));
    }

    public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
        (await Read(connection => Rows(connection.Prepare($"SELECT {Columns} WHERE grain=?1 AND name=?2").Text(1, grainId.ToString()).Text(2, reminderName)))).Reminders.FirstOrDefault();

    public async Task<string?> UpsertRow(ReminderEntry entry)
    {
        var tag = Guid.NewGuid().ToString("N");
        await Write(connection =>
        {
            connection.Prepare("INSERT OR REPLACE INTO reminders(grain, name, hash, start_ticks, period_ticks, etag) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
                .Text(1, entry.GrainId.ToString()).Text(2, entry.ReminderName).Int(3, entry.GrainId.GetUniformHashCode())
                .Int(4, entry.StartAt.Ticks).Int(5, entry.Period.Ticks).Text(6, tag).Run();
            return true;
        });
        return tag;
    }

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) => Write(connection =>
    {
        connection.Prepare("DELETE FROM reminders WHERE grain=?1 AND name=?2 AND etag=?3").Text(1, grainId.ToString()).Text(2, reminderName).Text(3, eTag).Run();
        return connection.Scalar("SELECT changes()") == 1;
    });

    public Task TestOnlyClearTable() => Write(connection =>
    {
        connection.Execute("DELETE FROM reminders");
        return true;
    });

    private Task<ReminderTableData> Read(Func<DatabaseConnection, ReminderTableData> work) =>
        files.Read(null, PlatformSchema.Kind, work, new ReminderTableData(), CancellationToken.None);

    private Task<bool> Write(Func<DatabaseConnection, bool> work) => files.Write(null, PlatformSchema.Kind, work, CancellationToken.None);

    private static ReminderTableData Rows(SqliteStatement rows)
    {
        using (rows)
        {
            var found = new List<ReminderEntry>();
            while (rows.Step())
                found.Add(new ReminderEntry
                {
                    GrainId = GrainId.Parse(rows.Text(0)),
                    ReminderName = rows.Text(1),
                    StartAt = new DateTime(rows.Int(2), DateTimeKind.Utc),
                    Period = TimeSpan.FromTicks(rows.Int(3)),
                    ETag = rows.Text(4),
                });
            return new ReminderTableData(found);
        }
    }
}
