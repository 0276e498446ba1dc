using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;

namespace Sophia.Pages;

/// <summary>A page: the route that renders it, what its pictures are called, and an address that shows something of <see cref="StrainedApp"/>.</summary>
internal sealed record PageAt(string Route, string Name)
{
    /// <summary>Where it is looked at; "{stream}" and "{key}" stand for a record of the strained tables, "{pipeline}" and "{run}" for the run that read them.</summary>
    public string Path { get; init; } = Route;

    /// <summary>What is clicked before it is looked at, or null.</summary>
    public string? Open { get; init; }

    /// <summary>Whether it is for who is not signed in yet.</summary>
    public bool ForStrangers { get; init; }

    /// <summary>Whether it shows something else where there is nothing to show.</summary>
    public bool CanBeEmpty { get; init; }
}

/// <summary>Every page there is. A new page gets a line here, and with it is looked at, measured and checked for who cannot see or use a mouse.</summary>
internal static class EveryPage
{
    public static readonly IReadOnlyList<PageAt> All =
    [
        new("/", "ask") { CanBeEmpty = true },
        new("/pipelines", "pipelines") { CanBeEmpty = true },
        new("/pipelines/{name}", "pipeline") { Path = "/pipelines/office" },
        new("/pipelines/{name}/runs/{run}", "run") { Path = "/pipelines/{pipeline}/runs/{run}" },
        new("/quarantine", "quarantine") { Open = "details > summary", CanBeEmpty = true },
        new("/search", "search-nothing") { CanBeEmpty = true },
        new("/search", "search") { Path = "/search?q=flight+customers+platypus+Ada" },
        new("/search", "search-none") { Path = "/search?q=xyzzy&kind=code&until=2001-01-01" },
        new("/search", "search-wrong") { Path = "/search?q=flight&from=soon" },
        new("/records", "records") { CanBeEmpty = true },
        new("/records", "stream") { Path = "/records?stream={stream}" },
        new("/records", "stream-then") { Path = "/records?stream={stream}&at=2100-01-01T00:00" },
        new("/records", "stream-before") { Path = "/records?stream={stream}&at=2001-01-01T00:00" },
        new("/records", "stream-when") { Path = "/records?stream={stream}&at=soon" },
        new("/profiles", "profiles") { CanBeEmpty = true },
        new("/profiles", "profile") { Path = "/profiles?stream={stream}" },
        new("/profiles", "profile-full") { Path = "/profiles?stream=shop%2Ftowns" },
        new("/profiles", "profile-rule") { Path = "/profiles?stream=shop%2Ftowns&rule=enum%3Acity" },
        new("/queues", "queues") { Open = "details > summary", CanBeEmpty = true },
        new("/record", "record-versions") { Path = "/record?stream=shop%2Ftowns&key=0" },
        new("/record", "record-then") { Path = "/record?stream=shop%2Ftowns&key=0&at=2100-01-01T00:00Z" },
        new("/record", "record-before") { Path = "/record?stream=shop%2Ftowns&key=0&at=2001-01-01T00:00Z" },
        new("/record", "record") { Path = "/record?stream={stream}&key={key}" },
        new("/tenants", "tenants"),
        new("/tenants", "tenants-end") { Path = "/tenants?after=zz" },
        new("/silos", "silos"),
        new("/breakers", "breakers") { Open = "details > summary", CanBeEmpty = true },
        new("/problems/{problem}", "problem") { Path = "/problems/idempotency-key-missing", ForStrangers = true },
        new("/degradation", "degradation"),
        new("/domains", "domains") { Open = "details > summary" },
        new("/domains", "domains-impact") { Path = "/domains?node=part%2Flog" },
        new("/trouble", "trouble"),
        new("/idempotency", "idempotency"),
        new("/idempotency", "idempotency-none") { Path = "/idempotency?key=never-used" },
        new("/limits", "limits") { Open = "details > summary", CanBeEmpty = true },
        new("/signin", "signin") { Path = "/signin?code=default.unknown", ForStrangers = true },
    ];

    /// <summary>Addresses that are no pages: programs, fragments of pages, and what pages are made of.</summary>
    private static readonly string[] NoPages = ["/api", "/pages/", "/assets/", "/openapi", "/hooks", "/hub", "/live", "/ready", "/health", "/metrics"];

    public static IEnumerable<string> Routes(SophiaApp app) =>
        from endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Contains("GET")
        let route = "/" + endpoint.RoutePattern.RawText!.Trim('/')
        where !NoPages.Any(start => route.StartsWith(start, StringComparison.Ordinal))
        select route;
}

// Goal: no page is left out when pages are looked at and checked. Method: the addresses that the application answers against the list.
public sealed class EveryPageTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public void No_page_is_forgotten() => Assert.Equal(EveryPage.Routes(app).Distinct().Order(StringComparer.Ordinal), EveryPage.All.Select(page => page.Route).Distinct().Order(StringComparer.Ordinal));
}
