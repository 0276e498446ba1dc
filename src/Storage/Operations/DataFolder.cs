using System.Globalization;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>The folder that holds everything Sophia remembers, held by one process at a time.</summary>
/// <remarks>
/// <c>VERSION</c> says which layout it has; <c>LOCK</c> is locked while a process holds it, whose id stands in <c>OWNER</c>;
/// <c>platform.db</c> is the system's; <c>tenants/NAME/</c> is a tenant's.
/// </remarks>
internal sealed class DataFolder : IDisposable
{
    /// <summary>The layout that this Sophia writes.</summary>
    public const int CurrentVersion = 1;

    private readonly FileStream held;

    private DataFolder(string root, IFolderDisk disk, FileStream held) => (Root, Disk, this.held) = (root, disk, held);

    public string Root { get; }

    public IFolderDisk Disk { get; }

    /// <summary>Opens or creates the folder and locks it.</summary>
    /// <exception cref="StorageException">Locked: another process holds it. NewerFormat: a newer Sophia wrote it, or a file in it. Corrupt: its version cannot be read. Unreachable: the disk refuses.</exception>
    public static DataFolder Open(string root, IFolderDisk? disk = null)
    {
        disk ??= new FolderDisk();
        root = Path.GetFullPath(root);
        try
        {
            disk.CreateFolder(root);
            var held = Lock(root);
            try
            {
                CheckVersion(root, disk);
                KnownFormats.Check(root, Tenants(root).Select(tenant => FolderOf(root, tenant)));
                disk.WriteFile(Path.Combine(root, "OWNER"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
                return new DataFolder(root, disk, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageFault.Unreachable, $"The data folder {root} cannot be opened: {refused.Message}", refused);
        }
    }

    /// <summary>Where a database of a tenant lies, or of the system where there is no tenant.</summary>
    public string PathOf(TenantId? tenant, string fileName) =>
        tenant is { } named ? Path.Combine(FolderOf(named), fileName) : Path.Combine(Root, fileName);

    public string FolderOf(TenantId tenant) => FolderOf(Root, tenant);

    /// <summary>The tenants that have a folder, in order.</summary>
    public IReadOnlyList<TenantId> Tenants() => Tenants(Root);

    private static string FolderOf(string root, TenantId tenant) => Path.Combine(root, "tenants", tenant.Value);

    private static IReadOnlyList<TenantId> Tenants(string root)
    {
        var tenants = Path.Combine(root, "tenants");
        if (!Directory.Exists(tenants))
            return [];
        return [.. Directory.EnumerateDirectories(tenants).Select(Path.GetFileName).Where(TenantId.IsName).Order(StringComparer.Ordinal).Select(name => TenantId.Parse(name!))];
    }

    public void Dispose()
    {
        File.Delete(Path.Combine(Root, "OWNER"));
        held.Dispose();
    }

    private static FileStream Lock(string root)
    {
        try
        {
            return new FileStream(Path.Combine(root, "LOCK"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException busy) when (busy is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            var owner = Path.Combine(root, "OWNER");
            var who = File.Exists(owner) ? $"process {File.ReadAllText(owner).Trim()}" : "another process";
            throw new StorageException(StorageFault.Locked, $"The data folder {root} is in use by {who}. Stop it, or use another folder.", busy);
        }
    }

    private static void CheckVersion(string root, IFolderDisk disk)
    {
        var path = Path.Combine(root, "VERSION");
        if (!File.Exists(path))
        {
            disk.WriteFile(path, Text(CurrentVersion));
            return;
        }
        if (!int.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var version) || version == 0)
            throw new StorageException(StorageFault.Corrupt, $"{path} should hold a number; it does not. Restore it from a backup.");
        if (version > CurrentVersion)
            throw new StorageException(StorageFault.NewerFormat, $"The data folder {root} has version {version}; this Sophia knows versions up to {CurrentVersion}. Use a newer Sophia.");
        Migrate(root, version, disk);
    }

    /// <summary>Brings an older layout up step by step; each step ends by writing its number.</summary>
    private static void Migrate(string root, int version, IFolderDisk disk)
    {
        foreach (var (to, step) in DataFolderSteps.All)
            if (to > version)
            {
                step(root);
                disk.WriteFile(Path.Combine(root, "VERSION"), Text(to));
            }
    }

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture) + "\n";
}

/// <summary>What leads from each layout of the data folder to the next: the version reached, and how. Layout 1 is the first.</summary>
internal static class DataFolderSteps
{
    public static readonly IReadOnlyList<(int To, Action<string> Step)> All = [];
}
