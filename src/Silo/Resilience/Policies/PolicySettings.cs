using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Hosting;
using Sophia.Pipelines;

namespace Sophia.Resilience;

/// <summary>What the environment says of policies, bulkheads and deadlines: SOPHIA_POLICIES and SOPHIA_BULKHEADS are JSON, or name a file of JSON, with what differs from what is shipped. Every process of a cluster is told the same.</summary>
internal static class PolicySettings
{
    public const string PoliciesVariable = "SOPHIA_POLICIES", BulkheadsVariable = "SOPHIA_BULKHEADS";

    /// <summary>The largest file, in bytes: 256 KiB.</summary>
    private const long MostBytes = 256 * 1024;

    /// <exception cref="StartRefusedException">The file is not there, or something in it cannot be meant.</exception>
    public static Action<PoliciesOptions> Policies(Func<string, string?> variable)
    {
        if (Parse(PoliciesVariable, variable, PolicySettingsJson.Default.StatedPolicies) is not { } stated)
            return static _ => { };
        var tried = new PoliciesOptions();
        if (Unkept(stated) is { } unkept)
            throw new StartRefusedException($"{PoliciesVariable}: {unkept}.");
        Write(stated, tried);
        return tried.Wrong() is { } wrong ? throw new StartRefusedException($"{PoliciesVariable}: {wrong}.") : options => Write(stated, options);
    }

    /// <inheritdoc cref="Policies"/>
    public static Action<DeadlinesOptions> Deadlines(Func<string, string?> variable)
    {
        if (Parse(PoliciesVariable, variable, PolicySettingsJson.Default.StatedPolicies)?.Deadlines is not { } stated)
            return static _ => { };
        var tried = new DeadlinesOptions();
        Write(stated, tried);
        return tried.Wrong() is { } wrong ? throw new StartRefusedException($"{PoliciesVariable}: deadlines: {wrong}.") : options => Write(stated, options);
    }

    /// <inheritdoc cref="Policies"/>
    public static Action<BulkheadsOptions> Bulkheads(Func<string, string?> variable)
    {
        if (Parse(BulkheadsVariable, variable, PolicySettingsJson.Default.StatedBulkheads) is not { } stated)
            return static _ => { };
        var tried = new BulkheadsOptions();
        Write(stated, tried);
        return tried.Wrong() is { } wrong ? throw new StartRefusedException($"{BulkheadsVariable}: {wrong}.") : options => Write(stated, options);
    }

    private static T? Parse<T>(string name, Func<string, string?> variable, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> form)
    {
        if (variable(name) is not { Length: > 0 } text)
            return default;
        try
        {
            if (text.StartsWith('{'))
                return JsonSerializer.Deserialize(text, form);
            if (new FileInfo(text).Length > MostBytes)
                throw new StartRefusedException($"{name}: {text} is larger than {MostBytes / 1024} KiB.");
            return JsonSerializer.Deserialize(File.ReadAllBytes(text), form);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartRefusedException($"{name}: {(text.StartsWith('{') ? "" : $"{text}: ")}{failure.Message}");
        }
    }

    /// <summary>What is said and would have no effect, in one sentence; null: nothing.</summary>
    private static string? Unkept(StatedPolicies stated) => stated.Default is not null ? "default has no effect, because every dependency has settings of its own; say them at the dependency"
        : stated.Dependencies?.Select(one => Unkept(one.Key, one.Value)).FirstOrDefault(unkept => unkept is not null);

    private static string? Unkept(string name, StatedPolicy? own)
    {
        if (!PolicyNames.IsSource(name))
            return PolicyNames.All.Contains(name) ? null : $"nothing is called by a policy \"{name}\"; there are {string.Join(", ", PolicyNames.All)}, {PolicyNames.Source}NAME of a connector and {PolicyNames.Source}* of all of them";
        (string Name, object? Value)[] ofTheRun =
        [
            ("attemptWithin", own?.AttemptWithin), ("within", own?.Within), ("retries", own?.Retries), ("hedge", own?.Hedge), ("hedgeAfter", own?.HedgeAfter), ("mostAtOnce", own?.MostAtOnce), ("mostWaiting", own?.MostWaiting), ("fallback", own?.Fallback),
        ];
        return ofTheRun.FirstOrDefault(one => one.Value is not null).Name is not { } without ? null
            : $"{name}: {without} has no effect on a source, whose attempts and their times are the run's; there are retryAfter, longestRetryAfter, budgetShare, budgetFloor and budgetWindow";
    }

    private static void Write(StatedPolicies stated, PoliciesOptions options)
    {
        foreach (var (name, own) in stated.Dependencies ?? new Dictionary<string, StatedPolicy>())
            options.Dependencies[name] = Of(own ?? new StatedPolicy(), options.Dependencies.TryGetValue(name, out var shipped) ? shipped : options.Of(name), name);
    }

    private static PolicyOptions Of(StatedPolicy stated, PolicyOptions shipped, string of) => shipped with
    {
        AttemptWithin = Span(PoliciesVariable, stated.AttemptWithin, $"{of}: attemptWithin") ?? shipped.AttemptWithin,
        Within = Span(PoliciesVariable, stated.Within, $"{of}: within") ?? shipped.Within,
        Retries = stated.Retries ?? shipped.Retries,
        RetryAfter = Span(PoliciesVariable, stated.RetryAfter, $"{of}: retryAfter") ?? shipped.RetryAfter,
        LongestRetryAfter = Span(PoliciesVariable, stated.LongestRetryAfter, $"{of}: longestRetryAfter") ?? shipped.LongestRetryAfter,
        BudgetShare = stated.BudgetShare ?? shipped.BudgetShare,
        BudgetFloor = stated.BudgetFloor ?? shipped.BudgetFloor,
        BudgetWindow = Span(PoliciesVariable, stated.BudgetWindow, $"{of}: budgetWindow") ?? shipped.BudgetWindow,
        Hedge = stated.Hedge ?? shipped.Hedge,
        HedgeAfter = Span(PoliciesVariable, stated.HedgeAfter, $"{of}: hedgeAfter") ?? shipped.HedgeAfter,
        MostAtOnce = stated.MostAtOnce ?? shipped.MostAtOnce,
        MostWaiting = stated.MostWaiting ?? shipped.MostWaiting,
        Fallback = stated.Fallback ?? shipped.Fallback,
    };

    private static void Write(StatedDeadlines stated, DeadlinesOptions options)
    {
        options.Search = Span(PoliciesVariable, stated.Search, "deadlines: search") ?? options.Search;
        options.Ask = Span(PoliciesVariable, stated.Ask, "deadlines: ask") ?? options.Ask;
        options.Longest = Span(PoliciesVariable, stated.Longest, "deadlines: longest") ?? options.Longest;
    }

    private static void Write(StatedBulkheads stated, BulkheadsOptions options)
    {
        if (stated.Default is { } all)
            options.Default = Of(all, options.Default, "default");
        foreach (var (tenant, own) in stated.Tenants ?? new Dictionary<string, StatedBounds>())
            options.Tenants[tenant] = Of(own ?? new StatedBounds(), options.Default, tenant);
    }

    private static TenantBounds Of(StatedBounds stated, TenantBounds shipped, string of) => shipped with
    {
        Search = Of(stated.Search, shipped.Search, $"{of}: search"),
        Ask = Of(stated.Ask, shipped.Ask, $"{of}: ask"),
        Ingest = Of(stated.Ingest, shipped.Ingest, $"{of}: ingest"),
        Export = Of(stated.Export, shipped.Export, $"{of}: export"),
        Batches = Of(stated.Batches, shipped.Batches, $"{of}: batches"),
        Work = Of(stated.Work, shipped.Work, $"{of}: work"),
        HeldBytes = stated.HeldBytes ?? shipped.HeldBytes,
    };

    private static BulkheadBound Of(StatedBound? stated, BulkheadBound shipped, string of) => stated is null ? shipped
        : new BulkheadBound(stated.Places ?? shipped.Places, stated.Waiting ?? shipped.Waiting, Span(BulkheadsVariable, stated.LongestWait, $"{of}: longestWait") ?? shipped.LongestWait);

    private static TimeSpan? Span(string variable, string? text, string what) => text is null ? null
        : Durations.TryParse(text, out var span) ? span : throw new StartRefusedException($"{variable}: {what} is {Durations.Expectation}; \"{text}\" is not.");
}

/// <summary>The form of SOPHIA_POLICIES: what is left out is as shipped.</summary>
internal sealed record StatedPolicies(StatedPolicy? Default = null, IReadOnlyDictionary<string, StatedPolicy>? Dependencies = null, StatedDeadlines? Deadlines = null);

internal sealed record StatedPolicy(
    string? AttemptWithin = null, string? Within = null, int? Retries = null, string? RetryAfter = null, string? LongestRetryAfter = null, double? BudgetShare = null, int? BudgetFloor = null, string? BudgetWindow = null,
    HedgeMode? Hedge = null, string? HedgeAfter = null, int? MostAtOnce = null, int? MostWaiting = null, string? Fallback = null);

internal sealed record StatedDeadlines(string? Search = null, string? Ask = null, string? Longest = null);

/// <summary>The form of SOPHIA_BULKHEADS.</summary>
internal sealed record StatedBulkheads(StatedBounds? Default = null, IReadOnlyDictionary<string, StatedBounds>? Tenants = null);

internal sealed record StatedBounds(StatedBound? Search = null, StatedBound? Ask = null, StatedBound? Ingest = null, StatedBound? Export = null, StatedBound? Batches = null, StatedBound? Work = null, long? HeldBytes = null);

internal sealed record StatedBound(int? Places = null, int? Waiting = null, string? LongestWait = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(StatedPolicies))]
[JsonSerializable(typeof(StatedBulkheads))]
internal sealed partial class PolicySettingsJson : JsonSerializerContext;
