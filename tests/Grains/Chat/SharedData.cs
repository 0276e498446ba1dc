namespace Sophia.Chat;

/// <summary>Where the shared data lies: SOPHIA_DATA, else ../shared/data beside the repository.</summary>
internal static class SharedData
{
    public static string? Folder { get; } = Find();

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("SOPHIA_DATA") is { Length: > 0 } said)
            return Directory.Exists(said) ? said : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Sophia.sln")) && Path.Combine(folder.FullName, "..", "shared", "data") is var data && Directory.Exists(data))
                return data;
        return null;
    }
}

[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute() => Skip = SharedData.Folder is null ? "no shared data" : null;
}
