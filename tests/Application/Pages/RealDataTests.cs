using Microsoft.Playwright;
using Sophia.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

/// <summary>Needs a browser and the shared data; says which one is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumAndSharedDataFactAttribute : FactAttribute
{
    public ChromiumAndSharedDataFactAttribute() => Skip = Chromium.Missing ?? (SharedData.Root is null ? SharedData.Absent : null);
}

// Goal: the pages hold with other people's records, not only with tidy ones of ours. Method: a company's handbook and tables, added through the page, asked and followed.
[Collection(PageTests.Name)]
public sealed class RealDataTests(Chromium chromium, SophiaApp app) : IClassFixture<SophiaApp>
{
    [ChromiumAndSharedDataFact]
    public async Task A_handbook_and_tables_added_through_the_page_are_asked_and_every_mark_leads_to_its_words()
    {
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/pipelines");
        await Add(page, "handbook", Path.Combine(SharedData.Root!, "docs_handbook", "sourcegraph"));
        await Add(page, "sales", Path.Combine(SharedData.Root!, "crm", "maven_crm_sales"));
        foreach (var name in new[] { "handbook", "sales" })
            await Expect(page.Locator($"[data-pipeline={name}] .state")).ToHaveTextAsync("searchable", new() { Timeout = 120_000 });
        await Pictures.Take(page, "real-pipelines");

        await page.GotoAsync("/");
        foreach (var question in new[] { "How do I get reimbursed for travel expenses?", "Which deals did Moses Frase win with Kan-code?", "Who approves a new vendor?" })
        {
            var exchange = await visitor.Ask(question);
            if (await exchange.Locator(".sources").CountAsync() == 0)
                continue; // That nothing was found is an answer too; it has nothing to point at.
            foreach (var sentence in await exchange.Locator(".said").AllAsync())
                await Expect(sentence.Locator("a.mark")).Not.ToHaveCountAsync(0);
        }
        await Expect(page.Locator(".answer a.mark")).Not.ToHaveCountAsync(0);
        await Pictures.Take(page, "real-answer");
        Assert.False(await visitor.MovesSideways());
        foreach (var address in (await page.Locator(".answer a.mark").EvaluateAllAsync<string[]>("all => [...new Set(all.map(a => a.getAttribute('href')))]")).Take(6))
        {
            await page.GotoAsync(address);
            await Expect(page.Locator("mark").First).ToBeInViewportAsync();
            Assert.False(await visitor.MovesSideways());
        }
        await Pictures.Take(page, "real-record", whole: false);
    }

    private static async Task Add(IPage page, string name, string folder)
    {
        await page.GetByLabel("Path on this machine").FillAsync(folder);
        await page.GetByLabel("Name of the pipeline").FillAsync(name);
        await page.GetByLabel("Keep watching for changes").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Add and run" }).ClickAsync();
        await Expect(page.Locator($"[data-pipeline={name}]")).ToBeVisibleAsync();
    }
}
