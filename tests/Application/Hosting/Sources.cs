namespace Sophia.Hosting;

/// <summary>Where the repository lies that these tests were built from.</summary>
internal static class Sources
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Sophia.sln")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
