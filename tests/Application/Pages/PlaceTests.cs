using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sophia.Hosting;
using Sophia.Security;
using Sophia.Tenants;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: who is shown a page in the navigation can open it, and a tenant's people are shown all that is theirs. Method: the navigation of every role, of the system's tenant and of another, and each of its links.
[Collection(PageTests.Name)]
public sealed class PlaceTests(SophiaApp app, Chromium chromium) : IClassFixture<SophiaApp>
{
    private static readonly string[] Everybodys = ["/", "/search", "/records", "/pipelines", "/quarantine", "/profiles", "/queues", "/breakers", "/domains", "/degradation", "/limits", "/idempotency"];

    [Theory]
    [InlineData("default", "owner", "/tenants", "/silos", "/trouble")]
    [InlineData("default", "operator", "/silos", "/trouble")]
    [InlineData("default", "viewer")]
    [InlineData("another", "owner")]
    [InlineData("another", "operator")]
    [InlineData("another", "viewer")]
    public async Task Who_is_shown_a_page_can_open_it_and_tenants_are_shown_all_that_is_theirs(string tenant, string role, params string[] more)
    {
        using var who = await InRole(tenant, role);
        var page = await who.GetStringAsync("/records");
        var links = Regex.Matches(page[page.IndexOf("<nav aria-label=\"Pages\">", StringComparison.Ordinal)..page.IndexOf("</nav>", StringComparison.Ordinal)], "href=\"([^\"]+)\"").Select(link => link.Groups[1].Value).ToList();
        Assert.Equal(Everybodys.Concat(more).Order(), links.Order());
        foreach (var link in links)
            Assert.True((await who.GetAsync(link)).StatusCode == HttpStatusCode.OK, $"{link} for {role} of {tenant}");
        var shown = await who.GetStringAsync("/breakers") + await who.GetStringAsync("/domains");
        if (tenant != "default")
            Assert.DoesNotContain("/api/breakers/system/", shown);
        if (role == "viewer")
            Assert.DoesNotMatch("<button[^>]*data-(breaker|containment)", shown);
    }

    [ChromiumFact]
    public async Task A_tenants_viewer_sees_breakers_and_domains()
    {
        using var viewer = await InRole("looks", "viewer");
        await using var visitor = await Visitor.SignedIn(chromium, app, viewer);
        foreach (var (name, title) in ((string, string)[])[("Breakers", "Breakers"), ("Domains", "Failure domains")])
        {
            await visitor.Page.GetByRole(AriaRole.Navigation, new() { Name = "Pages" }).GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync();
            await Expect(visitor.Page.GetByRole(AriaRole.Heading, new() { Name = title, Exact = true })).ToBeVisibleAsync();
            await Pictures.Take(visitor.Page, $"viewer-{name.ToLowerInvariant()}");
        }
    }

    private async Task<HttpClient> InRole(string tenant, string role)
    {
        if (tenant == "default")
            return await app.InRole(role);
        var (_, _, owner) = await app.NewTenant();
        using var answer = await owner.PostAsync("/api/keys", new StringContent($$"""{"label":"x","role":"{{role}}"}""", System.Text.Encoding.UTF8, "application/json"));
        return app.With((await answer.Json()).GetProperty("secret").GetString());
    }
}
