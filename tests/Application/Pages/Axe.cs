using Microsoft.Playwright;

namespace Sophia.Pages;

/// <summary>Needs a browser and axe-core, which "npm ci" puts into tests/Application/Pages/js; says what is missing where they are not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AxeFactAttribute : FactAttribute
{
    public AxeFactAttribute() => Skip = Chromium.Missing ?? Axe.Missing;
}

/// <summary>Checks a page by the rules of WCAG, as axe-core knows them.</summary>
internal static class Axe
{
    private static readonly string Script = Path.Combine("tests", "Application", "Pages", "js", "node_modules", "axe-core", "axe.min.js");

    private static readonly string? Found = Find();

    public static string? Missing => Found is null ? "no axe-core: run npm ci in tests/Application/Pages/js" : null;

    /// <summary>Has every page that the visitor opens from now on carry the checker; a policy of the page does not keep it out.</summary>
    public static Task Bring(Visitor visitor) => visitor.Page.AddInitScriptAsync(scriptPath: Found);

    /// <summary>What is seriously or critically wrong with the page as it stands, one line each.</summary>
    public static Task<string[]> Grave(IPage page) => page.EvaluateAsync<string[]>("""
        async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
          .filter(found => ['serious', 'critical'].includes(found.impact))
          .flatMap(found => found.nodes.map(node => `${found.id} (${found.impact}) ${node.target.join(' ')}: ${node.failureSummary.replace(/\s+/g, ' ')}`))
        """);

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, Script)))
                return Path.Combine(folder.FullName, Script);
        return null;
    }
}
