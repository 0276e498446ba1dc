using System.Globalization;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>One limit as it is configured.</summary>
public sealed record LimitPolicy
{
    /// <summary>The longest window that is divided among processes: 1 minute. What a process that died may have taken counts for as long; longer windows are counted exactly.</summary>
    public static readonly TimeSpan LongestLeased = TimeSpan.FromMinutes(1);

    /// <summary>The longest window: 31 days.</summary>
    public static readonly TimeSpan LongestWindow = TimeSpan.FromDays(31);

    /// <summary>1 to 63 of a-z, 0-9 and '-'. Headers, problems, pages and metrics call it so.</summary>
    public string Name { get; init; } = "";

    /// <summary>What it is asked about. Default "api": the REST interface, the pages, and the hub with each of its calls.</summary>
    public string Resource { get; init; } = "api";

    public LimitPer Per { get; init; } = LimitPer.Tenant;

    /// <summary>Beginnings of routes that it is for, each perhaps after a method: "/api/search", "POST /api/ask", "/search" (the page), "HUB Ask" (a call of the hub). Empty: all.</summary>
    public IReadOnlyList<string> Routes { get; init; } = [];

    public LimitAlgorithm Algorithm { get; init; } = LimitAlgorithm.TokenBucket;

    /// <summary>What flows in within the window, what passes in it, or how much may be under way at once; of adaptive limits where they begin. 1 to 1,000,000,000.</summary>
    public double Limit { get; init; }

    /// <summary>Of token buckets and windows. Default 1 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Of token buckets: what may be taken at once. Default: what flows in within a second, 1 at least.</summary>
    public double? Burst { get; init; }

    /// <summary>Of adaptive limits; default 20 to 200.</summary>
    public int MinLimit { get; init; } = 20;

    /// <inheritdoc cref="MinLimit"/>
    public int MaxLimit { get; init; } = 200;

    /// <summary>Whether each decision asks the grain: never more than the limit, at the price of a call each. For windows and token buckets.</summary>
    public bool Exact { get; init; }

    /// <summary>Whether who is refused by it and asks on is made to wait, and banned if he does not stop. Counts for limits of keys and addresses alone: behind the others stands nobody in particular.</summary>
    public bool Penalties { get; init; } = true;

    internal bool IsOfSystem => Per is LimitPer.Address or LimitPer.Installation;

    internal bool Penalises => Penalties && Per is LimitPer.Key or LimitPer.KeyAndRoute or LimitPer.Address;

    internal LimitTerms Terms => new(Algorithm, Limit, IsPlaces ? 0 : Window.TotalSeconds, Algorithm == LimitAlgorithm.TokenBucket ? Burst ?? Math.Max(1, Limit / Window.TotalSeconds) : 0);

    private bool IsPlaces => Algorithm is LimitAlgorithm.Concurrency or LimitAlgorithm.Aimd or LimitAlgorithm.Gradient2;

    private bool IsWindow => Algorithm is LimitAlgorithm.FixedWindow or LimitAlgorithm.SlidingWindow;

    /// <summary>Whether it is for this route.</summary>
    internal bool IsFor(string resource, string? route)
    {
        if (!string.Equals(Resource, resource, StringComparison.Ordinal))
            return false;
        if (Routes.Count == 0)
            return true;
        for (var at = 0; at < Routes.Count; at++)
            if (route is not null && Begins(route, Routes[at]))
                return true;
        return false;
    }

    /// <summary>Whether it is for this asking, and enough is known of who asks.</summary>
    internal bool Fits(LimitAsking asking) => IsFor(asking.Resource, asking.Route) && !(asking.IsKnown && IsOfSystem) && Per switch
    {
        LimitPer.Installation => true,
        LimitPer.Address => asking.Address is not null,
        LimitPer.Tenant => asking.Tenant is not null,
        LimitPer.Key => asking is { Tenant: not null, Key: not null },
        LimitPer.Route => asking is { Tenant: not null, Route: not null },
        _ => asking is { Tenant: not null, Key: not null, Route: not null },
    };

    /// <summary>Whose part it is, of an asking that it fits; null: the tenant's, or the installation's, as a whole.</summary>
    internal string? Part(LimitAsking asking) => Per switch { LimitPer.Key => asking.Key, LimitPer.Route => asking.Route, LimitPer.KeyAndRoute => $"{asking.Key} {asking.Route}", LimitPer.Address => asking.Address, _ => null };

    internal LimitSet Told() => new(Name, Resource, Per, Routes, Terms, Exact, Penalises, Rule(Terms, Exact));

    /// <summary>What cannot be meant, in words; null: nothing.</summary>
    internal string? Wrong()
    {
        if (!TenantId.IsName(Name))
            return $"a limit's name is 1 to 63 of a-z, 0-9 and '-'; \"{Name}\" is not";
        var terms = WrongTerms(Terms, Exact);
        return terms is not null ? $"{Name}: {terms}"
            : !TenantId.IsName(Resource) ? $"{Name}: a resource is named by 1 to 63 of a-z, 0-9 and '-'; \"{Resource}\" is not"
            : !Enum.IsDefined(Per) ? $"{Name}: per is tenant, key, route, keyAndRoute, address or installation"
            : Routes.FirstOrDefault(route => !IsRoute(route)) is { } wrong ? $"{Name}: \"{wrong}\" is no beginning of a route, like /api/search, POST /api/ask or HUB Ask"
            : Terms.IsAdaptive && (MinLimit < 1 || MaxLimit < MinLimit || Limit < MinLimit || Limit > MaxLimit || Limit != Math.Floor(Limit)) ? $"{Name}: minLimit is 1 at least, and limit a whole number between it and maxLimit"
            : null;
    }

    /// <summary>What of terms cannot be meant.</summary>
    internal static string? WrongTerms(LimitTerms terms, bool exact) => terms switch
    {
        _ when !Enum.IsDefined(terms.Algorithm) => "algorithm is tokenBucket, fixedWindow, slidingWindow, concurrency, aimd or gradient2",
        { Limit: not (> 0 and <= 1e9) } => "limit is more than 0, and 1,000,000,000 at most",
        { Algorithm: LimitAlgorithm.TokenBucket, Burst: not (>= 1 and <= 1e9) } => "burst is 1 to 1,000,000,000",
        { Algorithm: not LimitAlgorithm.TokenBucket } when terms.Limit != Math.Floor(terms.Limit) => "limit is a whole number",
        { IsPlaces: true } when exact => "exact is for windows and token buckets: places are divided, and what is adaptive goes by what each process sees",
        { IsPlaces: false } when !(terms.WindowSeconds > 0 && terms.WindowSeconds <= LongestWindow.TotalSeconds) => "windowSeconds is more than 0, and 31 days at most",
        { Algorithm: LimitAlgorithm.TokenBucket } when terms.Limit / terms.WindowSeconds > 1e9 => "a rate is 1,000,000,000 a second at most",
        { Algorithm: LimitAlgorithm.TokenBucket } when exact && terms.Limit != Math.Floor(terms.Limit) => "limit is a whole number where it is counted exactly",
        { Algorithm: LimitAlgorithm.FixedWindow or LimitAlgorithm.SlidingWindow } when terms.WindowSeconds < 0.1 => "a window is 100 ms at least",
        { Algorithm: LimitAlgorithm.FixedWindow or LimitAlgorithm.SlidingWindow } when !exact && terms.WindowSeconds > LongestLeased.TotalSeconds =>
            "a window longer than a minute is counted exactly (\"exact\": true): divided among processes, what one of them took before it died would be held against all for as long",
        _ => null,
    };

    /// <summary>How it counts, in one line.</summary>
    internal static string Rule(LimitTerms terms, bool exact) => string.Create(CultureInfo.InvariantCulture, $"{terms.Algorithm switch
    {
        LimitAlgorithm.TokenBucket => $"{terms.Limit:0.###} {(terms.Limit == 1 ? "flows" : "flow")} in every {Span(terms.WindowSeconds)}, {terms.Burst:0.###} at once",
        LimitAlgorithm.FixedWindow => $"{terms.Limit:0} in each window of {Span(terms.WindowSeconds)}",
        LimitAlgorithm.SlidingWindow => $"{terms.Limit:0} within any {Span(terms.WindowSeconds)}",
        LimitAlgorithm.Concurrency => $"{terms.Limit:0} at once",
        LimitAlgorithm.Aimd => "as many at once as goes well (AIMD), in each process",
        _ => "as many at once as latency allows (Gradient2), in each process",
    }}{(exact ? ", counted exactly" : "")}");

    private static string Span(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{(seconds >= 3600 && seconds % 3600 == 0 ? $"{seconds / 3600} h" : seconds >= 60 && seconds % 60 == 0 ? $"{seconds / 60} min" : $"{seconds:0.###} s")}");

    private static bool IsRoute(string route) => route.Length is > 1 and <= 200 && (route[(route.IndexOf(' ', StringComparison.Ordinal) + 1)..].StartsWith('/') || (route.StartsWith("HUB ", StringComparison.Ordinal) && route.Length > 4)) && route.All(c => c is > ' ' and <= '~' or ' ');

    private static bool Begins(string route, string start)
    {
        var path = start.StartsWith('/') ? route.AsSpan(route.IndexOf(' ', StringComparison.Ordinal) + 1) : route;
        return path.StartsWith(start, StringComparison.OrdinalIgnoreCase) && (path.Length == start.Length || start.EndsWith('/') || path[start.Length] == '/');
    }
}

/// <summary>Limits, in the order in which they are asked. Each process must be told the same. Checked at start.</summary>
public sealed class LimitsOptions
{
    /// <summary>Limits that there may be: 100.</summary>
    internal const int Most = 100;

    public List<LimitPolicy> Policies { get; } = [];

    /// <summary>What becomes of those who are refused and ask on.</summary>
    public PenaltyRules Penalties { get; set; } = new();

    /// <summary>Whether no other process ever decides beside this one, which has the store to itself: what shares were about before it began ended with the process that had them.</summary>
    public bool IsAlone { get; set; }

    internal LimitPolicy? Of(string name)
    {
        foreach (var policy in Policies)
            if (policy.Name == name)
                return policy;
        return null;
    }

    /// <summary>What cannot be meant, in words; null: nothing.</summary>
    public string? Wrong() => Policies.Count > Most ? $"there are {Most} limits at most"
        : Policies.Select(static policy => policy.Wrong()).FirstOrDefault(static wrong => wrong is not null)
        ?? (Policies.GroupBy(static policy => policy.Name).FirstOrDefault(static group => group.Count() > 1) is { } twice ? $"{twice.Key} is there twice" : null)
        ?? (Penalties.IsInRange ? null : "penalties: waits and bans are more than 0, the longest no shorter than the first, and counts not below 0");
}
