namespace Sophia;

/// <summary>Where the shared data lies: SOPHIA_DATA, or ../shared/data from the repository's root; null where there is none.</summary>
internal static class SharedData
{
    public const string Absent = "skipped: no shared data";

    public static readonly string? Root = Find();

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("SOPHIA_DATA") is { Length: > 0 } named)
            return Directory.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Sophia.sln")))
                return Path.GetFullPath(Path.Combine(folder.FullName, "../shared/data")) is var data && Directory.Exists(data) ? data : null;
        return null;
    }
}

internal sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute() => Skip = SharedData.Root is null ? SharedData.Absent : null;
}

internal sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    public SharedDataTheoryAttribute() => Skip = SharedData.Root is null ? SharedData.Absent : null;
}
