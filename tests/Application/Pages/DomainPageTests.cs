using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Sophia.Hosting;
using Sophia.Resilience;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: an operator sees what fails and whom it hits, has it contained and freed with a reason, and can read what happened. Method: a browser, and a queue of which every item is given up.
[Collection(PageTests.Name)]
public sealed class DomainPageTests(Chromium chromium, DomainPageTests.FailingQueue failing) : IClassFixture<DomainPageTests.FailingQueue>
{
    private const string Node = "queue/default/mail";

    private readonly SophiaApp app = failing.App;

    [ChromiumFact]
    public async Task A_proposal_is_approved_and_lifted_with_reasons_and_the_history_tells_each_step()
    {
        await Eventually.Get(async () =>
        {
            await GiveUp("mail");
            return await app.Owner.GetFromJsonAsync<JsonElement>("/api/domains");
        }, view => view.GetProperty("containments").GetArrayLength() > 0, "a proposal");
        await using var visitor = await Visitor.SignedIn(chromium, app);
        var page = visitor.Page;
        await page.GotoAsync("/domains");
        await Expect(page.Locator("ul.failing")).ToContainTextAsync(Node);
        var card = page.Locator("article[id^=containment-]");
        await Expect(card.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Hold the queue: the queue mail");
        await Expect(card.Locator(".state")).ToHaveTextAsync("proposed");
        await Expect(card).ToContainTextAsync("It waits for a person: the rule leaves it to a person.");
        await Pictures.Take(page, "domains-proposed");
        await Act("Approve", "it must <b>stop</b>");
        await Expect(card.Locator(".state")).ToHaveTextAsync("in force");
        await Expect(card).ToContainTextAsync("it must <b>stop</b>");
        Assert.Contains("containment", await app.Owner.GetStringAsync("/api/queue"));
        await Pictures.Take(page, "domains-in-force");
        await Act("Lift", "the mail server is back");
        await Expect(card).ToHaveCountAsync(0);
        await Eventually.Comes(async () => !(await app.Owner.GetStringAsync("/api/queue")).Contains("containment", StringComparison.Ordinal), "the queue goes on");

        await page.GotoAsync("/domains");
        await page.Locator("section[aria-labelledby=domain-history] summary").ClickAsync();
        var rows = page.Locator("section[aria-labelledby=domain-history] tbody tr", new() { Has = page.GetByRole(AriaRole.Cell, new() { Name = Node, Exact = true }) });
        await Expect(rows.Locator("td:nth-child(2)")).ToHaveTextAsync(["lifted", "lifting", "applied", "applying", "proposed", "failing"]);
        await Expect(rows.Nth(1)).ToContainTextAsync("the mail server is back");
        await Expect(rows.Nth(3)).ToContainTextAsync("it must <b>stop</b>");
        await Expect(rows.Nth(4).Locator("td").Last).ToHaveTextAsync("rules");
        await page.GetByRole(AriaRole.Link, new() { Name = Node, Exact = true }).First.ClickAsync();
        await Expect(page.GetByText("tenant/default").First).ToBeVisibleAsync();
        await Pictures.Take(page, "domains-history");

        async Task Act(string what, string reason)
        {
            await card.GetByRole(AriaRole.Button, new() { Name = what, Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync(reason);
            await page.GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        }
    }

    /// <summary>Work that its worker rejects: dead at once.</summary>
    private async Task GiveUp(string queue)
    {
        (await app.Owner.PostAsJsonAsync($"/api/queue/{queue}/items", new { items = Enumerable.Range(0, 5).Select(_ => new { kind = "mail", payload = new { } }) })).EnsureSuccessStatusCode();
        using var leased = await app.Owner.PostAsJsonAsync($"/api/queue/{queue}/lease", new { worker = "w", items = 5 });
        var results = (await leased.Json()).EnumerateArray().Select(item => new { id = item.GetProperty("id").GetInt64(), lease = item.GetProperty("lease").GetInt64(), end = "rejected", error = "it cannot be sent" }).ToArray();
        (await app.Owner.PostAsJsonAsync($"/api/queue/{queue}/finish", new { results })).EnsureSuccessStatusCode();
    }

    /// <summary>The application whose failures last: what failed once fails for the whole test.</summary>
    public sealed class FailingQueue : IAsyncLifetime
    {
        public SophiaApp App { get; } = new()
        {
            Adapt = static builder => builder.Services.AddReplicas(static replicas => replicas.ExchangeEvery = TimeSpan.FromMilliseconds(100)).AddFailureDomains(static domains =>
            {
                (domains.LookEvery, domains.HealFor, domains.HoldFor, domains.QueueGivesUp) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromHours(1), TimeSpan.FromHours(1), 3);
                domains.Rules = [.. ShippedContainment.Rules.Where(rule => rule.Kind == DomainKind.Queue).Select(rule => rule with { AfterSeconds = 0 })];
            }),
        };

        public Task InitializeAsync() => App.InitializeAsync();

        public Task DisposeAsync() => App.DisposeAsync();
    }
}
