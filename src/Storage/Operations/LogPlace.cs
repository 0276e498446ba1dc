using Sophia.Log;

namespace Sophia.Operations;

/// <summary>Says in a data folder that its log is in PostgreSQL, and in which: the file POSTGRES holds that store's id.</summary>
/// <remarks>Without it a Sophia started with another setting would begin an empty log beside the real one, under an index that knows the real one's positions.</remarks>
internal static class LogPlace
{
    private const string FileName = "POSTGRES";

    /// <exception cref="StorageException">The folder's log is in PostgreSQL.</exception>
    public static void IsHere(DataFolder folder)
    {
        if (Known(folder) is not null)
            throw new StorageException(StorageFault.Unreachable,
                $"The log of {folder.Root} is in PostgreSQL. Set SOPHIA_POSTGRES, or use another folder. (Removing its file {FileName} goes back to the log that lay here before.)");
    }

    /// <exception cref="StorageException">The folder has a log of its own, or belongs to another database.</exception>
    public static void IsIn(DataFolder folder, Guid store, string server)
    {
        if (Known(folder) is { } known)
        {
            if (known != store)
                throw new StorageException(StorageFault.Unreachable, $"The data folder {folder.Root} belongs to another database than {server}. Use another folder, or the database that it was used with.");
            return;
        }
        if (HasLog(folder))
            throw new StorageException(StorageFault.Unreachable, $"The data folder {folder.Root} has a log of its own. \"{SophiaCommand.Name} move --to postgres\" copies it to {server}; or use another folder.");
        Write(folder, store);
    }

    public static void Write(DataFolder folder, Guid store) => folder.Disk.WriteFile(Path.Combine(folder.Root, FileName), store.ToString("D") + "\n");

    private static bool HasLog(DataFolder folder) =>
        File.Exists(folder.PathOf(null, PlatformSchema.Kind.FileName)) || folder.Tenants().Any(tenant => File.Exists(folder.PathOf(tenant, LogSchema.Kind.FileName)));

    private static Guid? Known(DataFolder folder)
    {
        var path = Path.Combine(folder.Root, FileName);
        if (!File.Exists(path))
            return null;
        return Guid.TryParse(File.ReadAllText(path).Trim(), out var id) ? id : throw new StorageException(StorageFault.Corrupt, $"{path} should hold the id of a database; it does not.");
    }
}
