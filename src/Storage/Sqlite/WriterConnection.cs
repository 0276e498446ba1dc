using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Sqlite;

/// <summary>What the writer of a file needs to know.</summary>
/// <param name="Vfs">The file layer's name, or null for SQLite's own.</param>
internal sealed record WriterSettings(string Path, DatabaseKind Kind, StorageOptions Options, IFolderDisk Disk, string? Vfs);

/// <summary>The connection that writes and checkpoints one file, opened in WAL mode, checked and migrated.</summary>
internal sealed class WriterConnection : IDisposable
{
    private readonly DatabaseConnection connection;
    private readonly WriterSettings settings;
    private readonly WalSize wal;
    private Durability synchronous = Durability.Full;

    public WriterConnection(WriterSettings settings)
    {
        this.settings = settings;
        var folder = Path.GetDirectoryName(settings.Path)!;
        settings.Disk.CreateFolder(folder);
        connection = new DatabaseConnection(settings.Path, readOnly: false, settings.Vfs);
        try
        {
            connection.Execute($"PRAGMA busy_timeout={DatabaseConnection.BusyMilliseconds}; PRAGMA page_size={settings.Options.PageBytes}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                + "PRAGMA fullfsync=1; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; "
                + $"PRAGMA cache_size=-{settings.Options.WriterCacheKib}; PRAGMA journal_size_limit={settings.Options.CheckpointBytes * 4L}; PRAGMA trusted_schema=OFF");
            wal = new WalSize(connection);
            Migrate();
            // The names of the file and of its write-ahead log must be on the disk before the first acknowledgement.
            connection.Execute("BEGIN IMMEDIATE; COMMIT");
            settings.Disk.SyncFolder(folder);
            // What an earlier process wrote but never synced may stand in the write-ahead log: move it into the file before building on it.
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Commit(List<WriteItem> group)
    {
        if (group is [{ IsAlone: true } alone])
        {
            Synchronous(settings.Kind.Durability);
            alone.Execute(connection);
            return;
        }
        Synchronous(Wanted(group));
        connection.Execute("BEGIN IMMEDIATE");
        foreach (var item in group)
            item.Execute(connection);
        connection.Execute("COMMIT");
    }

    public void Rollback() => connection.Rollback();

    /// <summary>Moves the write-ahead log into the file once it has grown to <see cref="StorageOptions.CheckpointBytes"/>.</summary>
    public void CheckpointIfDue()
    {
        var bytes = (long)wal.Pages * settings.Options.PageBytes;
        if (bytes < settings.Options.CheckpointBytes)
            return;
        Synchronous(settings.Kind.Durability);
        // Passive lets readers be; only a log that has outgrown four times its size waits for them.
        connection.Execute(bytes < settings.Options.CheckpointBytes * 4L ? "PRAGMA wal_checkpoint(PASSIVE)" : "PRAGMA wal_checkpoint(RESTART)");
        wal.Pages = 0;
    }

    public void Dispose()
    {
        wal.Dispose();
        connection.Dispose();
    }

    private Durability Wanted(List<WriteItem> group)
    {
        var most = Durability.Normal;
        foreach (var item in group)
            most = item.Durability > most ? item.Durability : most;
        return most < settings.Kind.Durability ? most : settings.Kind.Durability;
    }

    private void Synchronous(Durability wanted)
    {
        if (wanted == synchronous)
            return;
        connection.Execute($"PRAGMA synchronous={(int)wanted}");
        synchronous = wanted;
    }

    private void Migrate()
    {
        var (kind, path) = (settings.Kind, settings.Path);
        var version = (int)connection.Scalar("PRAGMA user_version");
        var application = (int)connection.Scalar("PRAGMA application_id");
        if (version == 0 && application == 0 && connection.Scalar("SELECT count(*) FROM sqlite_master") == 0)
            connection.Execute($"PRAGMA application_id={kind.ApplicationId}");
        else if (application != kind.ApplicationId)
            throw new StorageException(StorageFault.Corrupt, $"{path} is not a Sophia {kind.FileName}: its application id is {application:x8}, not {kind.ApplicationId:x8}.");
        if (version > kind.Version)
            throw KnownFormats.Newer(path, version, kind);
        for (; version < kind.Version; version++)
            connection.Execute($"BEGIN IMMEDIATE; {kind.Migrations[version]}; PRAGMA user_version={version + 1}; COMMIT");
    }
}
