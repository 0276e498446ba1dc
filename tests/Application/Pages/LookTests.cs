using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Orleans;
using Sophia.Hosting;
using Sophia.Pipelines;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pages;

/// <summary>The application with long titles, deep paths, wide tables and held records: what strains a layout.</summary>
public sealed class StrainedApp : IAsyncLifetime
{
    private const string Wide = "a-pipeline-with-quite-a-long-name-for-one-line";
    private const string Deep = "customers/north-east/2026/quarter-four/a-very-long-folder-name-that-nobody-would-type-twice";

    private string run = "";

    // Nothing at the edge asks for this resource.
    public SophiaApp App { get; } = new()
    {
        Adapt = static builder => builder.Services.AddBreakers(static breakers => breakers.Default = new BreakerOptions { BreakFor = TimeSpan.FromMinutes(5) }).AddLimits(limits =>
        {
            limits.Penalties = new PenaltyRules { Free = 0, BannedAfter = 1, FirstWait = TimeSpan.FromMilliseconds(10), LongestWait = TimeSpan.FromMilliseconds(20) };
            limits.Policies.Add(new() { Name = "a-limit-with-quite-a-long-name-for-one-line-of-a-telephone", Resource = "look", Per = LimitPer.Key, Limit = 1, Window = TimeSpan.FromHours(10), Burst = 1, Exact = true });
            limits.Policies.Add(new() { Name = "tenant", Resource = "look", Limit = 1_000, Routes = ["GET /api/search", "POST /api/ask", $"/api/{new string('r', 60)}"] });
        }),
    };

    /// <summary>Where a page is looked at.</summary>
    internal string Address(PageAt page) => page.Path.Replace("{stream}", Uri.EscapeDataString($"{Wide}/customers"), StringComparison.Ordinal).Replace("{key}", "1", StringComparison.Ordinal)
        .Replace("{pipeline}", Wide, StringComparison.Ordinal).Replace("{run}", run, StringComparison.Ordinal);

    public async Task InitializeAsync()
    {
        await App.InitializeAsync();
        await App.Ingest("office", "", ("handbook/travel.md", Records.Handbook), ("calls/acme.txt", Records.Call), ($"{Deep}/notes.md", Long()), ("scan.pdf", "no text"));
        run = await App.Ingest(Wide, "streams:\n  customers:\n    key: [id]\n    rules:\n      - type: {age: integer}\ngate:\n  minimumScore: 0\n",
            ($"{Deep}/more.csv", "id,name\n1,Ada\n"),
            ("customers.csv", $"id,name,age\n1,Ada,36\n2,Grace,{new string('9', 150)}x\nkey-{new string('k', 120)},Linus,not a number\n4,Edsger,forty\n"));
        await Say($"[orders] reading page 1 of 12 at https://example.invalid/{new string('p', 120)}?cursor=**********", ConnectorLineLevel.Information);
        await Say("[orders] rate limited: waiting 30 s\nand then going on", ConnectorLineLevel.Warning);
        var wide = $"t-{new string('w', 61)}";
        (await App.Owner.PostAsJsonAsync("/api/tenants", new { tenant = wide, displayName = "The International Company for Everything That Goes On Being Named & Sons" })).EnsureSuccessStatusCode();
        (await App.Owner.PostAsJsonAsync($"/api/tenants/{wide}/suspend", new { reason = $"Its bills are open since {new string('b', 60)}, and nobody answers our letters about them." })).EnsureSuccessStatusCode();
        (await App.Owner.PostAsJsonAsync("/api/queue/sophia/items", new { items = new[] { new { kind = $"work-of-a-kind-{new string('k', 40)}", payload = new { note = new string('p', 200) }, maxAttempts = 1, orderKey = new string('o', 150), origin = "an origin of some length, for people" } } })).EnsureSuccessStatusCode();
        (await App.Owner.PostAsJsonAsync("/api/queue/another-queue-of-a-long-name-for-one-line/items", new { items = new[] { new { kind = "mend", payload = 1 } } })).EnsureSuccessStatusCode();
        (await App.Owner.PostAsJsonAsync("/api/queue/hold", new { queue = "another-queue-of-a-long-name-for-one-line", reason = $"It waits for repairs {new string('r', 80)}", confirm = "another-queue-of-a-long-name-for-one-line" })).EnsureSuccessStatusCode();
        await Eventually.Comes(async () => (await (await App.Owner.GetAsync("/api/dead")).Json()).GetProperty("items").GetArrayLength() == 1, "a dead letter");
        await Break();
        await Ban();
        const string checkedTowns = "streams:\n  towns:\n    key: [id]\n    transforms:\n      - rename: {note: remark}\n    rules:\n      - {enum: {city: [Bonn, Trier, Gera]}, level: warning}\ngate:\n  minimumScore: 0\n";
        await App.Ingest("shop", checkedTowns, ("towns.csv", Towns("Bon", "Ring twice since the bell at the gate is broken")));
        await App.Ingest("shop", checkedTowns, ("towns.csv", Towns("Bonn", "Ring once since the bell at the gate was mended")));
    }

    /// <summary>A key that asked on and on, and a limit that somebody set.</summary>
    private async Task Ban()
    {
        var limits = App.Services.GetRequiredService<ILimits>();
        await Eventually.Comes(async () => (await limits.TryTake(new LimitAsking(TenantId.Parse("default"), "look", Key: "0123456789ab", Route: "GET /api/search"))).Penalty is { IsBan: true }, "a ban");
        (await App.Owner.PostAsJsonAsync("/api/limits/default/tenant/set", new { limit = 500, reason = $"It asks too much since {new string('a', 60)}, and nobody answers our letters about it.", confirm = "tenant" })).EnsureSuccessStatusCode();
    }

    /// <summary>One breaker that opened, and one that somebody isolated.</summary>
    private async Task Break()
    {
        var breakers = App.Services.GetRequiredService<IBreakers>();
        foreach (var dependency in (string[])["model", "a-dependency-with-quite-a-long-name-for-one-line-of-a-telephone"])
            for (var entry = await breakers.OfInstallation(dependency).Enter(default); !entry.IsRefused; entry = breakers.OfInstallation(dependency).TryEnter())
                entry.Permit.Report(CallOutcome.Failed);
        var call = new PolicyCall<int>(_ => Task.FromResult(1), _ => default, IsIdempotent: true);
        await Assert.ThrowsAsync<PolicyRefusedException>(() => App.Services.GetRequiredService<IPolicies>().OfInstallation("model").Run(call, default).AsTask());
        var body = new { reason = $"It costs too much since {new string('c', 60)}, and nobody answers our letters about it.", confirm = "model" };
        await Eventually.Comes(async () => (await App.Owner.PostAsJsonAsync("/api/breakers/system/model/isolate", body)).IsSuccessStatusCode, "it is listed");
    }

    public Task DisposeAsync() => App.DisposeAsync();

    // As a connector would: the run read files, which say nothing.
    private async Task Say(string text, ConnectorLineLevel level)
    {
        var tenant = TenantId.Parse("default");
        using var _ = CallerContext.For(tenant);
        await App.Services.GetRequiredService<IGrainFactory>().GetGrain<IConnectorGrain>(TenantKey.Of(tenant, Wide)).AddLines(run, [new ConnectorLine(DateTimeOffset.UtcNow, level, text)]);
    }

    /// <summary>Towns by their zip, one of them wrong, some without a note: what rules are suggested of.</summary>
    private static string Towns(string first, string firstNote) => $"id,zip,city,note\n0,10115,{first},{firstNote}\n"
        + string.Concat(Enumerable.Range(1, 59).Select(n => $"{n},{10115 + n % 3},{(n == 17 ? "Ulm" : "Bonn Trier Gera".Split(' ')[n % 3])},{(n < 40 ? "" : $"Delivered to the back door on day {n}")}\n"));

    private static string Long() => $"# {string.Concat(Enumerable.Repeat("A title that goes on and on ", 6))}\n\n## Which platypus is the longest?\n\nThe longest platypus lives in the river of {new string('m', 90)} and eats shrimps.\n";
}

// Goal: every page fits a desk and a telephone, by day and by night. Method: open each, measure, and keep a picture under artifacts/pages for people to look at.
[Collection(PageTests.Name)]
public sealed class LookTests(Chromium chromium, StrainedApp strained) : IClassFixture<StrainedApp>
{
    internal static readonly (int Width, ColorScheme Scheme)[] Ways = [(1280, ColorScheme.Light), (390, ColorScheme.Light), (1280, ColorScheme.Dark), (390, ColorScheme.Dark)];

    private readonly SophiaApp app = strained.App;

    [ChromiumFact]
    public async Task No_page_moves_sideways_at_1280_or_390_in_light_or_dark()
    {
        await using var asking = await Visitor.SignedIn(chromium, app);
        await asking.Ask("Who has to consent to an expensive flight?");
        await asking.Ask("Which platypus is the longest?");
        await asking.Ask("Who sold Acme?");
        await asking.Ask("What does Acme worry about?");
        await asking.Ask("How tall is the lighthouse of Alexandria?");
        var answer = asking.Page.Url[app.Url.Length..];
        var cited = await asking.Page.Locator("a.mark").First.GetAttributeAsync("href");
        var (_, _, newcomer) = await app.NewTenant();
        foreach (var (width, scheme) in Ways)
        {
            await using var visitor = await Visitor.SignedIn(chromium, app, width: width, scheme: scheme);
            await using var fresh = await Visitor.SignedIn(chromium, app, newcomer, width, scheme);
            await using var stranger = await Visitor.Unknown(chromium, app, width, scheme);
            foreach (var page in EveryPage.All)
                await Look(page.ForStrangers ? stranger : visitor, strained.Address(page), page.Name, width, scheme, page.Open);
            foreach (var page in EveryPage.All.Where(page => page.CanBeEmpty))
                await Look(fresh, page.Path, $"{page.Name}-empty", width, scheme);
            await Look(visitor, answer, "answer", width, scheme);
            await Look(visitor, cited!, "record-cited", width, scheme);
            await Look(visitor, "/record?stream=no&key=such", "missing", width, scheme);
            await Look(stranger, "/pipelines", "stranger", width, scheme);
        }
    }

    [ChromiumFact]
    public async Task On_a_desk_all_pages_and_the_tenant_stand_on_top_in_full()
    {
        foreach (var width in (int[])[1280, 1920])
        {
            await using var visitor = await Visitor.SignedIn(chromium, app, width: width);
            await visitor.Page.GotoAsync("/");
            foreach (var part in (string[])[".top nav", ".top .tenant"])
                Assert.True(await visitor.Page.EvaluateAsync<bool>("part => { const it = document.querySelector(part); return it.scrollWidth <= it.clientWidth + 1; }", part), $"{part} at {width}");
        }
    }

    private static async Task Look(Visitor visitor, string path, string name, int width, ColorScheme scheme, string? open = null)
    {
        visitor.Expected.AddRange(["401", "404"]);
        await visitor.Page.GotoAsync(path);
        if (open is not null)
            await visitor.Page.Locator(open).First.ClickAsync();
        await Pictures.Take(visitor.Page, $"{name}-{width}-{scheme.ToString().ToLowerInvariant()}", whole: name != "answer");
        Assert.False(await visitor.MovesSideways(), $"{path} moves sideways at {width}.");
    }
}
