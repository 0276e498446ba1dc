using Npgsql;
using Sophia.Log;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>What cannot work is refused at start, in one line that says what to do and holds no password.</summary>
[NeedsPostgres]
public sealed class PostgresStartTests : IDisposable
{
    private readonly ScratchDatabase scratch = new();

    public void Dispose() => scratch.Dispose();

    [EngineFact]
    public void A_wrong_password_is_told_as_one() =>
        Refused(new PostgresOptions { Connection = scratch.SiloWith("wrong-one") }, StorageFault.Unreachable, "refuses user or password", "SOPHIA_POSTGRES");

    [EngineFact]
    public void A_server_that_is_not_there_is_named() =>
        Refused(new PostgresOptions { Connection = "Host=127.0.0.1;Port=1;Database=sophia;Username=sophia;Password=wrong-one" }, StorageFault.Unreachable, "127.0.0.1:1/sophia", "does not answer");

    [EngineTheory]
    [InlineData("nonsense; wrong-one")]
    [InlineData("Host=127.0.0.1;Passwort=wrong-one")]
    [InlineData("Password=wrong-one")]
    [InlineData("Host=127.0.0.1;Database=sophia;Username=sophia")]
    public void A_setting_that_cannot_be_meant_is_refused_without_being_repeated(string connection) =>
        Refused(new PostgresOptions { Connection = connection }, StorageFault.Unreachable, "SOPHIA_POSTGRES");

    [EngineFact]
    public void A_database_without_the_schema_asks_for_its_owner_once()
    {
        using var empty = new ScratchDatabase(empty: true);
        Refused(empty.Options, StorageFault.Unreachable, "SOPHIA_POSTGRES_OWNER");
        Open(new PostgresOptions { Connection = empty.Silo, OwnerConnection = empty.Owner });
        Open(empty.Options);
    }

    [EngineFact]
    public void A_role_that_security_does_not_bind_is_refused()
    {
        Refused(new PostgresOptions { Connection = scratch.Owner }, StorageFault.Unreachable, "not bound by row-level security");
        Refused(new PostgresOptions { Connection = scratch.Superuser }, StorageFault.Unreachable, "not bound by row-level security");
    }

    [EngineFact]
    public void Security_that_was_switched_off_is_noticed()
    {
        ScratchDatabase.Execute(scratch.Owner, "ALTER TABLE sophia.heads NO FORCE ROW LEVEL SECURITY");
        Refused(scratch.Options, StorageFault.Unreachable, "switched off");
    }

    [EngineFact]
    public void A_newer_schema_is_refused_only_where_it_no_longer_suits()
    {
        ScratchDatabase.Execute(scratch.Owner, $"INSERT INTO sophia.schema_version(version, compatible_from) VALUES({PostgresSchema.Version + 1}, 1)");
        Open(scratch.Options);
        ScratchDatabase.Execute(scratch.Owner, $"INSERT INTO sophia.schema_version(version, compatible_from) VALUES({PostgresSchema.Version + 2}, {PostgresSchema.Version + 1})");
        Refused(scratch.Options, StorageFault.NewerFormat, $"version {PostgresSchema.Version + 2}");
        Refused(new PostgresOptions { Connection = scratch.Silo, OwnerConnection = scratch.Owner }, StorageFault.NewerFormat, "Use a newer Sophia");
    }

    [EngineFact]
    public void A_seal_that_another_password_made_is_renewed_by_the_owner()
    {
        ScratchDatabase.Execute(scratch.Owner, "UPDATE sophia.seals SET inner_pad = outer_pad");
        Refused(scratch.Options, StorageFault.Unreachable, "password", "SOPHIA_POSTGRES_OWNER");
        Open(new PostgresOptions { Connection = scratch.Silo, OwnerConnection = scratch.Owner });
        Open(scratch.Options);
    }

    [EngineFact]
    public async Task Silos_that_start_at_once_migrate_once()
    {
        using var empty = new ScratchDatabase(empty: true);
        var options = new PostgresOptions { Connection = empty.Silo, OwnerConnection = empty.Owner };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Open(options))));
        using var connection = new NpgsqlConnection(empty.Superuser + ";Pooling=false");
        connection.Open();
        using var count = new NpgsqlCommand("SELECT count(*) FROM sophia.schema_version", connection);
        Assert.Equal((long)PostgresSchema.Version, count.ExecuteScalar());
    }

    [EngineFact]
    public async Task A_step_of_the_schema_takes_the_time_that_it_needs()
    {
        await using var database = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        Migration slow = new(PostgresSchema.Version + 1, PostgresSchema.Version, "SELECT pg_sleep(1.5)");
        SchemaMigrator.Run(ConnectionSettings.Owner(scratch.Owner + ";Command Timeout=1", scratch.Options), [.. PostgresSchema.Migrations, slow], ScratchDatabase.SiloRole, database.Seal);
    }

    /// <summary>An older silo writes while a newer one has expanded the schema under it, and is refused once it was contracted.</summary>
    [EngineFact]
    public async Task An_older_silo_works_on_after_the_schema_was_expanded()
    {
        await using var older = PostgresDatabase.Open(scratch.Options, TimeProvider.System);
        var log = new PostgresLogStore(older);
        var fence = await log.Acquire(TenantId.Parse("acme"), "lane-0", default);
        var settings = ConnectionSettings.Owner(scratch.Owner, scratch.Options);
        Migration expand = new(PostgresSchema.Version + 1, PostgresSchema.Version, "ALTER TABLE sophia.log ADD COLUMN note text; ALTER TABLE sophia.owners ADD COLUMN note text DEFAULT 'x'");
        SchemaMigrator.Run(settings, [.. PostgresSchema.Migrations, expand], ScratchDatabase.SiloRole, older.Seal);
        var entry = new NewEntry(EntryType.Record, "contacts", "1", RecordOperation.Upsert, "{}"u8.ToArray(), EntryHash.Of(RecordOperation.Upsert, "{}"u8));
        Assert.IsType<AppendOutcome.Committed>(await log.Append(TenantId.Parse("acme"), new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = [entry] }, default));
        Assert.Single(await log.Read(TenantId.Parse("acme"), 0, 10, 1_000, default));
        Open(scratch.Options);
        Open(new PostgresOptions { Connection = scratch.Silo, OwnerConnection = scratch.Owner });
        Migration contract = new(PostgresSchema.Version + 2, PostgresSchema.Version + 1, "ALTER TABLE sophia.owners DROP COLUMN note");
        SchemaMigrator.Run(settings, [.. PostgresSchema.Migrations, expand, contract], ScratchDatabase.SiloRole, older.Seal);
        Refused(scratch.Options, StorageFault.NewerFormat, "Use a newer Sophia");
    }

    private static void Open(PostgresOptions options) => PostgresDatabase.Open(options, TimeProvider.System).DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static void Refused(PostgresOptions options, StorageFault fault, params string[] words)
    {
        var refused = Assert.Throws<StorageException>(() => Open(options));
        Assert.Equal(fault, refused.Fault);
        Assert.All(words, word => Assert.Contains(word, refused.Message));
        Assert.DoesNotContain("wrong-one", refused.Message);
        Assert.DoesNotContain("s3cret", refused.Message);
    }
}
