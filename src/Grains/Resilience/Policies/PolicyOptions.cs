namespace Sophia.Resilience;

/// <summary>When a hedge follows a call that has not answered.</summary>
public enum HedgeMode
{
    /// <summary>Never.</summary>
    Off = 0,

    /// <summary>After <see cref="PolicyOptions.HedgeAfter"/>.</summary>
    Delay = 1,

    /// <summary>After the 95th percentile of the answers of late, at least <see cref="PolicyOptions.HedgeAfter"/>; not before there were 20 of them.</summary>
    P95 = 2,
}

/// <summary>How one dependency is called.</summary>
public sealed record PolicyOptions
{
    /// <summary>Each attempt, from its sending to what its caller waits for. Default 10 s, range 10 ms to 1 hour.</summary>
    public TimeSpan AttemptWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>All attempts with their pauses. Default 30 s, at least <see cref="AttemptWithin"/>, at most a day. A caller's deadline that is sooner counts instead.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a call is repeated. Default 2: three attempts, as the SRE book has it. Range 0 to 10.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>The pause before the first repetition; it doubles, and is drawn between half of that and all of it. Default 200 ms, range 0 to 1 minute.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause, and the longest Retry-After that is waited for: a longer one ends the call. Default 5 s, range 0 to 10 minutes.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Of the calls of a window, which share may be repetitions and hedges. Default 0.1, range 0 to 1.</summary>
    public double BudgetShare { get; init; } = 0.1;

    /// <summary>Repetitions and hedges that a window may have whatever its calls: for who calls rarely. Default 3, range 0 to 10,000.</summary>
    public int BudgetFloor { get; init; } = 3;

    /// <summary>The budget's window. Default 10 s as Finagle's, range 1 s to 10 minutes.</summary>
    public TimeSpan BudgetWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Default off. Idempotent calls only, out of the same budget.</summary>
    public HedgeMode Hedge { get; init; }

    /// <summary>The hedge's delay, or its least. Default 1 s, range 1 ms to 10 minutes.</summary>
    public TimeSpan HedgeAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Calls under way at a time, in this process, for all tenants where it is the installation's. Default 64, range 1 to 100,000.</summary>
    public int MostAtOnce { get; init; } = 64;

    /// <summary>Calls that wait for a place. Default 256, range 0 to 1,000,000.</summary>
    public int MostWaiting { get; init; } = 256;

    /// <summary>Who serves where the dependency does not; <c>none</c>: the caller is told. Default none.</summary>
    public string Fallback { get; init; } = PolicyFallback.None;

    /// <summary>What is out of its range, in one sentence; null: nothing.</summary>
    public string? Wrong() =>
        AttemptWithin < TimeSpan.FromMilliseconds(10) || AttemptWithin > TimeSpan.FromHours(1) ? "attemptWithin must lie between 10 ms and 1 hour"
        : Within < AttemptWithin || Within > TimeSpan.FromDays(1) ? "within must lie between attemptWithin and a day"
        : Retries is < 0 or > 10 ? "retries must lie between 0 and 10"
        : RetryAfter < TimeSpan.Zero || RetryAfter > TimeSpan.FromMinutes(1) ? "retryAfter must lie between 0 and 1 minute"
        : LongestRetryAfter < TimeSpan.Zero || LongestRetryAfter > TimeSpan.FromMinutes(10) ? "longestRetryAfter must lie between 0 and 10 minutes"
        : BudgetShare is not (>= 0 and <= 1) ? "budgetShare must lie between 0 and 1"
        : BudgetFloor is < 0 or > 10_000 ? "budgetFloor must lie between 0 and 10,000"
        : BudgetWindow < TimeSpan.FromSeconds(1) || BudgetWindow > TimeSpan.FromMinutes(10) ? "budgetWindow must lie between 1 s and 10 minutes"
        : !Enum.IsDefined(Hedge) ? "hedge must be off, delay or p95"
        : HedgeAfter < TimeSpan.FromMilliseconds(1) || HedgeAfter > TimeSpan.FromMinutes(10) ? "hedgeAfter must lie between 1 ms and 10 minutes"
        : MostAtOnce is < 1 or > 100_000 ? "mostAtOnce must lie between 1 and 100,000"
        : MostWaiting is < 0 or > 1_000_000 ? "mostWaiting must lie between 0 and 1,000,000"
        : null;
}

/// <summary>Who may serve where a dependency does not, by the dependency: what is named must exist in the code that calls it.</summary>
public static class PolicyFallback
{
    public const string None = "none", Extractive = "extractive", Secondary = "secondary", LastAnswer = "last-answer";

    /// <summary>What a dependency can have beside none; empty: nothing.</summary>
    public static string? For(string dependency) => dependency switch
    {
        PolicyNames.Model => Extractive,
        PolicyNames.Embedding => Secondary,
        PolicyNames.Index => LastAnswer,
        _ => null,
    };
}

/// <summary>What dependencies are called: here, at their breakers, in configuration and on the page.</summary>
public static class PolicyNames
{
    public const string Model = "model", Embedding = "embedding", SecondEmbedding = "embedding-secondary", Index = "index", Postgres = "postgres";

    /// <summary>A source of a tenant, before its connector's name.</summary>
    public const string Source = "source-";

    /// <summary>Everything that is called by a policy, beside sources.</summary>
    public static readonly IReadOnlyList<string> All = [Model, Embedding, SecondEmbedding, Index, Postgres];

    /// <summary>Whether it is a source, or a name for several: its attempts and their times are the run's, and of its policy only the breaker, the pauses and the budget count.</summary>
    public static bool IsSource(string dependency) => dependency.Length > Source.Length && dependency.StartsWith(Source, StringComparison.Ordinal);

    /// <summary>Whether a breaker stands before it. None does before PostgreSQL: what every breaker knows lies there, so nobody could close it again; and a server that is away refuses at once.</summary>
    public static bool HasBreaker(string dependency) => dependency != Postgres;
}

/// <summary>The options of all dependencies.</summary>
public sealed class PoliciesOptions
{
    /// <summary>For every dependency that has none of its own.</summary>
    public PolicyOptions Default { get; set; } = new();

    /// <summary>By the name of the dependency; a name that ends in '*' stands for all that begin so.</summary>
    public IDictionary<string, PolicyOptions> Dependencies { get; } = Shipped();

    public PolicyOptions Of(string dependency) => Dependencies.TryGetValue(dependency, out var own) ? own
        : Dependencies.Where(one => one.Key.EndsWith('*') && dependency.StartsWith(one.Key[..^1], StringComparison.Ordinal)).OrderByDescending(one => one.Key.Length).Select(one => one.Value).FirstOrDefault() ?? Default;

    public string? Wrong() => Default.Wrong() is { } all ? $"default: {all}" : Dependencies.Select(WrongOf).FirstOrDefault(wrong => wrong is not null);

    private static string? WrongOf(KeyValuePair<string, PolicyOptions> one) =>
        one.Value.Wrong() is { } wrong ? $"{one.Key}: {wrong}"
        : one.Value.Fallback == PolicyFallback.None || one.Value.Fallback == PolicyFallback.For(one.Key) ? null
        : $"{one.Key}: fallback must be {(PolicyFallback.For(one.Key) is { } known ? $"{known} or " : "")}{PolicyFallback.None}, not \"{one.Value.Fallback}\"";

    // Within what waits for them: a grain's caller waits 30 s for vectors of both endpoints, and somebody sits before an answer.
    private static SortedDictionary<string, PolicyOptions> Shipped() => new(StringComparer.Ordinal)
    {
        [PolicyNames.Model] = new PolicyOptions { AttemptWithin = TimeSpan.FromSeconds(30), Within = TimeSpan.FromSeconds(90), RetryAfter = TimeSpan.FromMilliseconds(500), Fallback = PolicyFallback.Extractive },
        [PolicyNames.Embedding] = new PolicyOptions { AttemptWithin = TimeSpan.FromSeconds(6), Within = TimeSpan.FromSeconds(13), Retries = 1, LongestRetryAfter = TimeSpan.FromSeconds(2), Fallback = PolicyFallback.Secondary },
        [PolicyNames.SecondEmbedding] = new PolicyOptions { AttemptWithin = TimeSpan.FromSeconds(6), Within = TimeSpan.FromSeconds(13), Retries = 1, LongestRetryAfter = TimeSpan.FromSeconds(2) },
        [PolicyNames.Index] = new PolicyOptions
        {
            AttemptWithin = TimeSpan.FromSeconds(5), Within = TimeSpan.FromSeconds(10), Hedge = HedgeMode.P95, HedgeAfter = TimeSpan.FromMilliseconds(50), Fallback = PolicyFallback.LastAnswer,
        },
        // Longer than the server's own time for a statement, which says better what was slow. Connections are bounded by their pool.
        [PolicyNames.Postgres] = new PolicyOptions
        {
            AttemptWithin = TimeSpan.FromSeconds(35), Within = TimeSpan.FromSeconds(45), RetryAfter = TimeSpan.FromMilliseconds(100), LongestRetryAfter = TimeSpan.FromSeconds(2), BudgetFloor = 10,
            MostAtOnce = 1_000, MostWaiting = 100_000,
        },
        // How often and how long a source is tried again is the run's: RunPump.LongestSourceWait.
        [PolicyNames.Source + "*"] = new PolicyOptions { RetryAfter = TimeSpan.FromSeconds(1), LongestRetryAfter = TimeSpan.FromSeconds(30), BudgetFloor = 6, BudgetWindow = TimeSpan.FromMinutes(1) },
    };
}
