using Microsoft.Playwright;

namespace Sophia.Pages;

/// <summary>Needs a real browser: Debian's chromium, or the one that SOPHIA_CHROMIUM names; says what is missing where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute() => Skip = Chromium.Missing;
}

/// <inheritdoc cref="ChromiumFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumTheoryAttribute : TheoryAttribute
{
    public ChromiumTheoryAttribute() => Skip = Chromium.Missing;
}

/// <summary>One browser for all page tests, started by the first that wants it.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private readonly Lazy<Task<IBrowser>> browser;
    private IPlaywright? driver;

    public Chromium() => browser = new(Launch);

    public static string? Path { get; } = new[] { Environment.GetEnvironmentVariable("SOPHIA_CHROMIUM"), "/usr/bin/chromium" }.FirstOrDefault(File.Exists);

    internal static string? Missing => Path is null ? "skipped: no chromium" : null;

    public Task<IBrowser> Browser => browser.Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (browser.IsValueCreated)
            await (await browser.Value).DisposeAsync();
        driver?.Dispose();
    }

    private async Task<IBrowser> Launch()
    {
        Assertions.SetDefaultExpectTimeout(60_000); // A loaded build machine is slow; a right answer is still taken at once.
        driver = await Playwright.CreateAsync();
        return await driver.Chromium.LaunchAsync(new() { ExecutablePath = Path, Args = ["--no-sandbox", "--disable-dev-shm-usage"] });
    }
}

/// <summary>The page tests share a browser and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class PageTests : ICollectionFixture<Chromium>
{
    public const string Name = "pages";
}
