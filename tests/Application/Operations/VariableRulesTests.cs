using System.Text.RegularExpressions;
using Sophia.Hosting;

namespace Sophia.Operations;

/// <summary>What the doctor makes of the variables named SOPHIA_*.</summary>
public sealed partial class VariableRulesTests
{
    [Fact]
    public void Every_variable_of_the_example_is_known_and_every_known_one_is_in_it()
    {
        var example = Named().Matches(File.ReadAllText(Path.Combine(Sources.Root, ".env.example"))).Select(match => match.Groups[1].Value).Where(name => name.StartsWith("SOPHIA_", StringComparison.Ordinal));
        Assert.Equal(example.Append("SOPHIA_ROOT").Order(), KnownVariables.All.Keys.Order());
    }

    [Theory]
    [InlineData("SOPHIA_POSTGRS", "SOPHIA_POSTGRES")]
    [InlineData("SOPHIA_EMBEDING_URL", "SOPHIA_EMBEDDING_URL")]
    [InlineData("SOPHIA_ULR", "SOPHIA_URL")]
    [InlineData("sophia_role", "SOPHIA_ROLE")]
    [InlineData("SOPHIA_SILO_LABEL", "SOPHIA_SILO_LABELS")]
    public void A_misspelt_variable_is_named_with_the_one_that_was_meant(string written, string meant)
    {
        var finding = Assert.Single(VariableRules.Judge(new Dictionary<string, string> { [written] = "x", ["PATH"] = "/bin" }));
        Assert.Equal((written, FindingState.Warning, $"Did you mean {meant}?"), (finding.Part, finding.State, finding.Do));
    }

    [Fact]
    public void One_that_comes_near_to_nothing_is_told_so() => Assert.Contains(".env.example", Assert.Single(VariableRules.Judge(new Dictionary<string, string> { ["SOPHIA_COFFEE_MACHINE"] = "on" })).Do);

    [Theory]
    [InlineData("SOPHIA_KEY", "not-a-key")]
    [InlineData("SOPHIA_URL", "https://example.org")]
    [InlineData("SOPHIA_POSTGRES", "nonsense")]
    [InlineData("SOPHIA_POSTGRES", "Host=db")]
    [InlineData("SOPHIA_POSTGRES_OWNER", "Host=db;Username=o;Database=d;Password=p")]
    [InlineData("SOPHIA_CLUSTER", "Not A Name")]
    [InlineData("SOPHIA_ROLE", "captain")]
    [InlineData("SOPHIA_SILO_PORT", "many")]
    [InlineData("SOPHIA_SILO_PORT", "70000")]
    [InlineData("SOPHIA_GATEWAY_PORT", "0")]
    [InlineData("SOPHIA_SILO_LABELS", "gpu")]
    [InlineData("SOPHIA_MEMBERSHIP", "fast")]
    [InlineData("SOPHIA_TRUSTED_PROXIES", "everybody")]
    [InlineData("SOPHIA_SECRETS_KEY", "abc")]
    [InlineData("SOPHIA_WEAVIATE", "weaviate:8080/x")]
    [InlineData("SOPHIA_WEAVIATE_KEY", "k")]
    [InlineData("SOPHIA_DISK_WARN", "half")]
    [InlineData("SOPHIA_DISK_REFUSE", "full")]
    [InlineData("SOPHIA_POSTGRES_LIMIT", "much")]
    [InlineData("SOPHIA_METRICS_URL", "http://127.0.0.1:5080")]
    [InlineData("SOPHIA_METRICS_KEY", "short")]
    [InlineData("SOPHIA_LOG", "loud")]
    [InlineData("SOPHIA_MODEL_URL", "gopher://x")]
    [InlineData("SOPHIA_MODEL_NAME", "m")]
    [InlineData("SOPHIA_EMBEDDING_URL", "x")]
    [InlineData("SOPHIA_EMBEDDING_MODEL", "m")]
    [InlineData("SOPHIA_EMBEDDING_DIMENSIONS", "1")]
    [InlineData("SOPHIA_EMBEDDING_SECONDARY_URL", "http://x/v1")]
    [InlineData("SOPHIA_EMBEDDING_WEIGHT", "heavy")]
    [InlineData("SOPHIA_VECTOR_MIB", "0")]
    [InlineData("SOPHIA_VECTORS_EXACT", "few")]
    [InlineData("SOPHIA_WORDS_MIB", "much")]
    [InlineData("SOPHIA_OPEN_FILES", "0")]
    [InlineData("SOPHIA_OPEN_FILES", "10001")]
    [InlineData("SOPHIA_BREAKERS", "model: probes=0")]
    [InlineData("SOPHIA_BREAKERS", "modle: probes=3")]
    [InlineData("SOPHIA_BREAKERS", "model: ratio=7")]
    [InlineData("SOPHIA_BREAKERS", "model: ratio=nan")]
    [InlineData("SOPHIA_BREAKERS", "model:")]
    [InlineData("SOPHIA_BREAKERS", "model: probes=2; model: probes=3")]
    [InlineData("SOPHIA_BREAKERS", "*: probes=2, probes=3")]
    [InlineData("SOPHIA_BREAKERS", "*: failures=")]
    [InlineData("SOPHIA_IDEMPOTENCY_REQUIRED", ",,,")]
    [InlineData("SOPHIA_IDEMPOTENCY_REQUIRED", "pipelines")]
    [InlineData("SOPHIA_LIMITS", "model=5/s")]
    [InlineData("SOPHIA_LIMITS", "api=0/s")]
    [InlineData("SOPHIA_LIMITS", """{"limits":[{"name":"a","limit":1,"windowSeconds":3600,"algorithm":"slidingWindow"}]}""")]
    [InlineData("SOPHIA_LIMITS", """{"limits":[{"name":"a","limit":1},{"name":"a","limit":2}]}""")]
    [InlineData("SOPHIA_LIMITS", """{"limits":[{"name":"a","limit":30,"algorithm":"gradient2","exact":true}]}""")]
    [InlineData("SOPHIA_LIMITS", """{"limits":[{"name":"a","limit":1,"routes":["search"]}]}""")]
    [InlineData("SOPHIA_LIMITS", """{"limits":[{"name":"a","limit":1,"per":"person"}]}""")]
    [InlineData("SOPHIA_LIMITS", """{"penalties":{"firstWaitSeconds":0}}""")]
    [InlineData("SOPHIA_LIMITS", "/nowhere/at/all.json")]
    [InlineData("SOPHIA_QUEUE", "places=many")]
    [InlineData("SOPHIA_QUEUE", "leese=60s")]
    [InlineData("SOPHIA_QUEUE", "lease=2h")]
    [InlineData("SOPHIA_DEGRADATION", "/nowhere/at/all.json")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"model\": {\"retries\": 11}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"model\": {\"fallback\": \"prayer\"}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"deadlines\": {\"search\": \"soon\"}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"modell\": {\"retries\": 1}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-\": {\"budgetFloor\": 1}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"default\": {\"retries\": 1}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-*\": {\"within\": \"5m\"}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-crm\": {\"retries\": 0}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-crm\": {\"hedge\": \"off\"}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-crm\": {\"hedgeAfter\": \"1s\"}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-crm\": {\"mostAtOnce\": 1}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-crm\": {\"mostWaiting\": 1}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-crm\": {\"fallback\": \"none\"}}}")]
    [InlineData("SOPHIA_POLICIES", "{\"policy\": {}}")]
    [InlineData("SOPHIA_BULKHEADS", "{\"default\": {\"search\": {\"places\": 0}}}")]
    [InlineData("SOPHIA_BULKHEADS", "{\"tenants\": {\"No Tenant\": {}}}")]
    [InlineData("SOPHIA_TENANT_GRACE", "soon")]
    [InlineData("SOPHIA_GPU_LABEL", "gpu")]
    [InlineData("SOPHIA_GPU_PLACEMENT", "hope")]
    [InlineData("SOPHIA_TENANT_POOLS", "acme")]
    [InlineData("SOPHIA_SQLITE", "newest")]
    public void A_value_that_Sophia_would_refuse_is_told_and_no_other_variable_is_blamed(string name, string value)
    {
        var finding = Assert.Single(VariableRules.Judge(new Dictionary<string, string> { [name] = value }));
        Assert.Equal((name, FindingState.Missing), (finding.Part, finding.State));
    }

    /// <summary>Whoever reads it knows which variable it is about, what it says, and what is possible.</summary>
    [Theory]
    [InlineData("SOPHIA_BREAKERS", "modle: probes=3", "no breaker guards \"modle\"; they guard model, embedding, embedding-secondary, index, source-NAME of a source and app-NAME of a program's own")]
    [InlineData("SOPHIA_BREAKERS", "model: probes=0", "probes must lie between 1 and 100")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"modell\": {}}}", "nothing is called by a policy \"modell\"; there are model, embedding, embedding-secondary, index, postgres, source-NAME of a connector and source-* of all of them")]
    [InlineData("SOPHIA_POLICIES", "{\"dependencies\": {\"source-crm\": {\"attemptWithin\": \"5m\"}}}", "source-crm: attemptWithin has no effect on a source, whose attempts and their times are the run's; there are retryAfter, longestRetryAfter, budgetShare, budgetFloor and budgetWindow")]
    [InlineData("SOPHIA_BREAKERS", "*: probes=2, probes=3", "probes stands twice")]
    [InlineData("SOPHIA_IDEMPOTENCY_REQUIRED", ",,,", "is a list like /api/pipelines,/api/ask, or all; \",,,\" names nothing")]
    [InlineData("SOPHIA_EMBEDDING_SECONDARY_URL", "http://x/v1", "set SOPHIA_EMBEDDING_URL (the endpoint asked first) and SOPHIA_EMBEDDING_MODEL")]
    public void A_refusal_names_the_variable_and_what_is_possible(string name, string value, string said)
    {
        var finding = Assert.Single(VariableRules.Judge(new Dictionary<string, string> { [name] = value }));
        Assert.Contains(name, finding.Seen, StringComparison.Ordinal);
        Assert.Contains(said, finding.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_command_sets_by_itself_is_not_counted_as_set() =>
        Assert.Equal("none is set", Assert.Single(VariableRules.Judge(new Dictionary<string, string> { ["SOPHIA_ROOT"] = "/opt/sophia", ["SOPHIA_HOME"] = "" })).Seen);

    [Fact]
    public void What_a_source_keeps_of_a_policy_is_taken() => Assert.Equal(FindingState.Ok, Assert.Single(VariableRules.Judge(new Dictionary<string, string>
    {
        ["SOPHIA_POLICIES"] = "{\"dependencies\": {\"source-crm\": {\"retryAfter\": \"2s\", \"longestRetryAfter\": \"1m\", \"budgetShare\": 0.2, \"budgetFloor\": 4, \"budgetWindow\": \"2m\"}, \"source-*\": {\"budgetFloor\": 3}, \"postgres\": {\"retries\": 1}}}",
    })).State);

    [Fact]
    public void The_examples_of_the_example_are_taken()
    {
        var all = Named().Matches(File.ReadAllText(Path.Combine(Sources.Root, ".env.example"))).Where(match => match.Groups[2].Value.Trim().Length > 0 && match.Groups[1].Value is not "SOPHIA_SILO_ADDRESS")
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim());
        all["SOPHIA_WEAVIATE_KEY"] = "";
        var told = VariableRules.Judge(all);
        Assert.True(told is [{ State: FindingState.Ok }], string.Join('\n', told));
    }

    [Fact]
    public void No_secret_is_repeated_whatever_is_wrong_with_it()
    {
        const string marker = "s3cr3t-marker";
        var all = KnownVariables.All.Keys.Where(name => name.EndsWith("_KEY", StringComparison.Ordinal) || name is "SOPHIA_POSTGRES" or "SOPHIA_POSTGRES_OWNER" or "SOPHIA_REDIS").ToDictionary(name => name, _ => marker);
        Assert.All(VariableRules.Judge(all), finding => Assert.DoesNotContain(marker, finding.ToString()));
        all["SOPHIA_POSTGRES"] = all["SOPHIA_POSTGRES_OWNER"] = $"Host=db;Password={marker};Nonsense={marker}";
        Assert.All(VariableRules.Judge(all), finding => Assert.DoesNotContain(marker, finding.ToString()));
    }

    [GeneratedRegex("^#([A-Z_]+)=(.*)$", RegexOptions.Multiline)]
    private static partial Regex Named();
}
