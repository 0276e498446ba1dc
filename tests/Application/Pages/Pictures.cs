using Microsoft.Playwright;

namespace Sophia.Pages;

/// <summary>Pictures of pages for people to look at: artifacts/pages under the repository's root.</summary>
internal static class Pictures
{
    private static string Folder { get; } = Find();

    public static Task Take(IPage page, string name, bool whole = true) => page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}.png"), FullPage = whole });

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Sophia.sln")))
                return Path.Combine(folder.FullName, "artifacts", "pages");
        return Path.Combine(AppContext.BaseDirectory, "pages");
    }
}
