namespace Sophia.House;

/// <summary>The working tree that the tests were built from.</summary>
internal static class Repository
{
    public static readonly string Root = FindRoot();

    private static readonly string[] Ignored = ["artifacts", "bin", "obj", "node_modules", ".git", "var"];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Files below a folder whose name ends so, as paths from the root with '/'.</summary>
    public static IEnumerable<string> Files(string folder, params string[] endings)
    {
        var start = Path.Combine(Root, folder);
        if (!Directory.Exists(start))
            yield break;
        foreach (var path in Directory.EnumerateFiles(start, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(Root, path).Replace('\\', '/');
            if (!relative.Split('/').Any(Ignored.Contains) && endings.Any(e => relative.EndsWith(e, StringComparison.Ordinal)))
                yield return relative;
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Sophia.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Sophia.sln is not above the test's folder.");
    }
}
