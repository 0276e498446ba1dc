using Sophia.Sqlite;

namespace Sophia.Operations;

/// <summary>platform.db: what belongs to no tenant.</summary>
internal static class PlatformSchema
{
    public static readonly DatabaseKind Kind = new("platform.db", 0x536F5050, [Format1], Durability.Full);

    private const string Format1 = GrainStateTable.Schema + """
        ;
        CREATE TABLE reminders(grain TEXT NOT NULL, name TEXT NOT NULL, hash INTEGER NOT NULL, start_ticks INTEGER NOT NULL, period_ticks INTEGER NOT NULL, etag TEXT NOT NULL,
            PRIMARY KEY(grain, name)) WITHOUT ROWID;
        CREATE INDEX reminders_hash ON reminders(hash)
        """;
}
