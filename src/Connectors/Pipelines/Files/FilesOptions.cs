namespace Sophia.Pipelines;

/// <summary>What an operator allows the files source to touch, whatever a definition says.</summary>
public sealed class FilesOptions
{
    /// <summary>Folders that a source's path must lie in. Empty (default): any folder that the process may read.</summary>
    public IReadOnlyList<string> AllowedRoots { get; set; } = [];

    /// <summary>Folders that no source may read, such as Sophia's own data folder. Default: none.</summary>
    public IReadOnlyList<string> ForbiddenRoots { get; set; } = [];

    /// <summary>The folder that holds a folder of each tenant's own, which that tenant alone may read, even below <see cref="ForbiddenRoots"/>. Null (default): none.</summary>
    public string? TenantFolders { get; set; }

    /// <summary>Tenants that may read outside their own folder. Empty (default): all of them.</summary>
    public IReadOnlyList<string> TrustedTenants { get; set; } = [];

    /// <summary>How much of a file is held at once while rows are read, in bytes. Default 256 KiB, range 16 bytes to 16 MiB; a longer row makes it grow as far as maxLineBytes.</summary>
    public int BlockBytes { get; set; } = 256 * 1024;

    /// <summary>A compressed file may expand to this many bytes whatever its size. Default 1 GiB.</summary>
    public long MaxExpandedBytes { get; set; } = 1L << 30;

    /// <summary>Beyond <see cref="MaxExpandedBytes"/>, how many times its own size a compressed file may become. Default 100.</summary>
    public int MaxExpansion { get; set; } = 100;
}
