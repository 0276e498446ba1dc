using Microsoft.Playwright;

namespace Sophia.Pages;

// Goal: who cannot see, or cannot use a mouse, can use every page. Method: axe in a real browser on every page, full and empty, by day and by night, on a desk and on a telephone.
[Collection(PageTests.Name)]
public sealed class AxeTests(Chromium chromium, StrainedApp strained) : IClassFixture<StrainedApp>
{
    [AxeFact]
    public async Task No_page_has_a_serious_or_critical_finding_in_light_or_dark_at_1280_or_390()
    {
        var app = strained.App;
        await using var asking = await Visitor.SignedIn(chromium, app);
        await asking.Ask("Who has to consent to an expensive flight?");
        var answer = asking.Page.Url[app.Url.Length..];
        var (_, _, newcomer) = await app.NewTenant();
        var grave = new List<string>();
        foreach (var (width, scheme) in LookTests.Ways)
        {
            await using var visitor = await Visitor.SignedIn(chromium, app, width: width, scheme: scheme);
            await using var fresh = await Visitor.SignedIn(chromium, app, newcomer, width, scheme);
            await using var stranger = await Visitor.Unknown(chromium, app, width, scheme);
            foreach (var each in (Visitor[])[visitor, fresh, stranger])
                await Axe.Bring(each);
            foreach (var page in EveryPage.All)
                await Check(page.ForStrangers ? stranger : visitor, strained.Address(page), page.Open);
            foreach (var page in EveryPage.All.Where(page => page.CanBeEmpty))
                await Check(fresh, page.Path, null);
            await Check(visitor, answer, null);
            await Check(visitor, "/record?stream=no&key=such", null);
            await Check(stranger, "/pipelines", null);

            async Task Check(Visitor who, string path, string? open)
            {
                who.Expected.AddRange(["401", "404"]);
                await who.Page.GotoAsync(path);
                if (open is not null)
                    await who.Page.Locator(open).First.ClickAsync();
                grave.AddRange((await Axe.Grave(who.Page)).Select(found => $"{path} at {width}, {scheme}: {found}"));
            }
        }
        Assert.True(grave.Count == 0, string.Join('\n', grave));
    }
}
