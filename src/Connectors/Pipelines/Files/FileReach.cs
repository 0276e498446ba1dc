namespace Sophia.Pipelines;

/// <summary>Which paths a tenant's sources may read: its own folder always, Sophia's own folders never, the rest as the operator allows.</summary>
internal sealed class FileReach(FilesOptions options, string tenant)
{
    private readonly string? own = options.TenantFolders is { } folders ? Real(Path.Combine(folders, tenant)) : null;
    private readonly string[] forbidden = [.. options.ForbiddenRoots.Select(Real)];

    /// <summary>Why a source may not start at a resolved path, or null.</summary>
    public string? Objection(string root)
    {
        if (IsOwn(root))
            return null;
        if (IsForbidden(root))
            return "lies in a folder that no source may read";
        if (options.TrustedTenants.Count > 0 && !options.TrustedTenants.Contains(tenant))
            return own is null ? "lies outside the tenant's own folder" : $"lies outside the tenant's own folder, {own}";
        return options.AllowedRoots.Count > 0 && !options.AllowedRoots.Any(folder => FolderWalk.IsWithin(root, Real(folder)))
            ? "lies outside the folders that this installation allows"
            : null;
    }

    /// <summary>Which files below an allowed root may be read: a folder that holds Sophia's own is read around it.</summary>
    public Func<string, bool> Below(string root)
    {
        var within = forbidden.Where(folder => FolderWalk.IsWithin(folder, root)).ToArray();
        return within.Length == 0 || IsOwn(root)
            ? static _ => true
            : relative => Path.Combine(root, relative) is var path && !within.Any(folder => FolderWalk.IsWithin(path, folder));
    }

    private bool IsOwn(string path) => own is not null && FolderWalk.IsWithin(path, own);

    private bool IsForbidden(string path) => forbidden.Any(folder => FolderWalk.IsWithin(path, folder));

    private static string Real(string path)
    {
        try
        {
            return FolderWalk.Real(path);
        }
        catch (IOException)
        {
            return Path.GetFullPath(path);
        }
    }
}
