using Sophia.Postgres;

namespace Sophia.Operations;

/// <summary>What the doctor makes of what servers said.</summary>
public sealed class ServerRulesTests
{
    private static readonly PostgresSeen Well = new(null, "15.8", 150_008, "sophia", HasSchema: true)
    {
        Settings = new Dictionary<string, string> { ["fsync"] = "on", ["full_page_writes"] = "on", ["max_connections"] = "400" },
    };

    private static readonly RedisSeen Fine = new(null, "7.0.15", TimeSpan.Zero) { Settings = new Dictionary<string, string> { ["maxmemory-policy"] = "volatile-ttl", ["appendonly"] = "yes" } };

    [Fact]
    public void A_PostgreSQL_as_it_should_be_is_one_line() => Assert.Equal(FindingState.Ok, Assert.Single(ServerRules.Postgres("db:5432/sophia", Well)).State);

    [Fact]
    public void A_PostgreSQL_that_does_not_answer_is_missing() => Assert.Equal(FindingState.Missing, Assert.Single(ServerRules.Postgres("db", new PostgresSeen("does not answer"))).State);

    [Fact]
    public void Whatever_would_keep_Sophia_from_starting_on_PostgreSQL_is_missing()
    {
        Assert.Contains("15 or newer", One(Well with { VersionNumber = 140_012 }).Do);
        Assert.Contains("SOPHIA_POSTGRES_OWNER", One(Well with { SeesTooMuch = true }).Do);
        Assert.Contains("first start", One(Well with { HasSchema = false }).Do);
        Assert.Contains("SOPHIA_POSTGRES_OWNER", One(Well with { HasOwner = true, OwnerFailed = "password authentication failed" }).Do);
        Assert.Contains("fsync = on", One(Well with { Settings = new Dictionary<string, string> { ["fsync"] = "off" } }).Do);

        static DoctorFinding One(PostgresSeen seen) => Assert.Single(ServerRules.Postgres("db", seen), finding => finding.State == FindingState.Missing);
    }

    [Fact]
    public void A_schema_that_the_owner_will_make_is_no_fault() => Assert.All(ServerRules.Postgres("db", Well with { HasSchema = false, HasOwner = true }), finding => Assert.Equal(FindingState.Ok, finding.State));

    [Fact]
    public void Too_few_connections_are_a_warning() => Assert.Contains(ServerRules.Postgres("db", Well with { Settings = new Dictionary<string, string> { ["max_connections"] = "40" } }), finding => finding.State == FindingState.Warning);

    [Fact]
    public void A_Redis_that_may_drop_state_is_a_warning_and_one_that_is_away_is_missing()
    {
        Assert.Equal(FindingState.Ok, Assert.Single(ServerRules.Redis("r:6379", Fine)).State);
        Assert.Equal(FindingState.Missing, Assert.Single(ServerRules.Redis("r:6379", new RedisSeen("does not answer"))).State);
        Assert.Contains(ServerRules.Redis("r:6379", Fine with { Settings = new Dictionary<string, string> { ["maxmemory-policy"] = "allkeys-lru" } }), finding => finding.State == FindingState.Warning);
        Assert.Contains(ServerRules.Redis("r:6379", Fine with { Settings = new Dictionary<string, string> { ["appendonly"] = "no" } }), finding => finding.State == FindingState.Warning);
        Assert.Equal(FindingState.Warning, Assert.Single(ServerRules.Redis("r:6379", Fine with { Version = "5.0.3" })).State);
    }

    [Fact]
    public void A_Weaviate_needs_its_version_and_both_ports()
    {
        var well = new WeaviateSeen(null, "1.32.0", GrpcAnswers: true);
        Assert.Equal(FindingState.Ok, Assert.Single(ServerRules.Weaviate("w", well)).State);
        Assert.Equal(FindingState.Missing, Assert.Single(ServerRules.Weaviate("w", well with { Version = "1.24.1" })).State);
        Assert.Contains(ServerRules.Weaviate("w", well with { GrpcAnswers = false }), finding => finding.State == FindingState.Missing && finding.Part.Contains("gRPC"));
        Assert.Equal(FindingState.Missing, Assert.Single(ServerRules.Weaviate("w", new WeaviateSeen("refuses the key (401)"))).State);
    }

    [Fact]
    public void A_model_is_compared_with_what_is_configured()
    {
        Assert.Equal(FindingState.Missing, Of(new ModelSeen("does not answer")).State);
        Assert.Equal(FindingState.Ok, Of(new ModelSeen(Dimensions: 1024), 1024).State);
        Assert.Equal(FindingState.Ok, Of(new ModelSeen(Dimensions: 1024)).State);
        Assert.Equal(FindingState.Missing, Of(new ModelSeen(Dimensions: 384), 1024).State);
        Assert.Equal(FindingState.Warning, Of(new ModelSeen(Names: ["other"], Wanted: "mine")).State);
        Assert.Equal(FindingState.Ok, Of(new ModelSeen(Names: ["mine"], Wanted: "mine")).State);

        static DoctorFinding Of(ModelSeen seen, int? wanted = null) => Assert.Single(ServerRules.Model("model", "SOPHIA_EMBEDDING_URL", "", wanted, seen));
    }

    [Theory]
    [InlineData(0.5, false)]
    [InlineData(-1.9, false)]
    [InlineData(2, true)]
    [InlineData(-30, true)]
    public void A_clock_that_is_seconds_off_is_told(double seconds, bool told)
    {
        var off = TimeSpan.FromSeconds(seconds);
        foreach (var findings in new[] { ServerRules.Postgres("db", Well with { Skew = off }), ServerRules.Redis("r", Fine with { Skew = off }), ServerRules.Weaviate("w", new WeaviateSeen(null, "1.33.0", true, off)) })
            Assert.Equal(told, findings.Any(finding => finding.Part.EndsWith("clock", StringComparison.Ordinal) && finding.Seen.Contains(seconds > 0 ? "ahead" : "behind")));
    }
}
