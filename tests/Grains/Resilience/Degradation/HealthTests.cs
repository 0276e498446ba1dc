using Sophia.Knowledge;

namespace Sophia.Resilience;

// Goal: what processes see becomes one picture that a single sick process does not rule, and that forgets.
public sealed class HealthTests
{
    private readonly ManualTime time = new();
    private readonly DegradationOptions options = new() { MinimumRequests = 20 };

    [Fact]
    public void The_95th_percentile_is_at_least_the_lower_bound_of_its_bucket_for_any_times()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var took = Enumerable.Range(0, random.Next(1, 400)).Select(_ => Math.Exp(random.NextDouble() * 11)).Order().ToArray();
            var counts = new long[LatencyBuckets.Count];
            foreach (var one in took)
                counts[LatencyBuckets.Of(TimeSpan.FromMilliseconds(one))]++;
            var exact = took[^((took.Length * 5 + 99) / 100)];
            Assert.True(LatencyBuckets.P95(counts) <= exact, $"seed {seed}");
            Assert.Equal(LatencyBuckets.Of(TimeSpan.FromMilliseconds(exact)), LatencyBuckets.Of(TimeSpan.FromMilliseconds(LatencyBuckets.P95(counts))));
        }
        Assert.Equal(0, LatencyBuckets.P95(new long[LatencyBuckets.Count]));
    }

    [Fact]
    public void Few_requests_say_nothing_and_those_of_all_processes_are_added()
    {
        LocalHealth[] two = [Local(), Local()];
        foreach (var one in two)
            for (var request = 0; request < 15; request++)
                one.Answered(TimeSpan.FromMilliseconds(request == 0 ? 6_000 : 10), failed: request < 3);
        Assert.Empty(Merge(two[0].Report()).Signals);
        var merged = Merge(two[0].Report(), two[1].Report());
        Assert.Equal(20, merged.Signals[HealthSignal.ErrorRate]);
        Assert.Equal(5_000, merged.Signals[HealthSignal.P95]);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Empty(Merge(two[0].Report(), two[1].Report()).Signals);
    }

    [Fact]
    public void A_dependency_fails_after_failures_in_a_row_where_half_of_its_users_see_it_and_until_the_evidence_is_old()
    {
        var (sick, well, third) = (Local(), Local(), Local());
        Assert.False(sick.Failed("airbyte", "no answer", 2));
        sick.Worked("airbyte");
        Assert.False(sick.Failed("airbyte", "no answer", 2));
        Assert.True(sick.Failed("airbyte", "no answer", 1));
        Assert.Equal("no answer", Merge(sick.Report()).Failing["airbyte"]);
        well.Worked("airbyte");
        third.Worked("airbyte");
        Assert.Empty(Merge(sick.Report(), well.Report(), third.Report()).Failing);
        third.Failed("airbyte", "no answer", 3);
        Assert.NotEmpty(Merge(sick.Report(), well.Report(), third.Report()).Failing);
        time.Advance(options.EvidenceFor + TimeSpan.FromSeconds(1));
        Assert.Empty(Merge(sick.Report(), third.Report()).Failing);
    }

    /// <summary>What is short is at least half of the processes' memory; of disks and queues it is the worst that any process sees, because that is one place of all.</summary>
    [Fact]
    public void Memory_is_short_where_half_of_the_processes_say_so_and_a_place_of_all_where_one_does()
    {
        foreach (var (memory, of) in ((double, double[])[])[(97, [97]), (97, [97, 10]), (10, [97, 10, 10]), (91, [97, 10, 91]), (91, [10, 97, 91, 10]), (10, [10, 97, 10, 91, 9])])
        {
            var reports = of.Select(percent => Local().Report() with { Signals = [new SignalValue(HealthSignal.Memory, percent), new SignalValue(HealthSignal.Disk, percent), new SignalValue(HealthSignal.QueueAge, percent)] }).ToArray();
            var seen = Merge(true, reports).Signals;
            Assert.Equal((memory, of.Max(), of.Max()), (seen[HealthSignal.Memory], seen[HealthSignal.Disk], seen[HealthSignal.QueueAge]));
        }
    }

    [Fact]
    public void An_open_breaker_is_a_dependency_that_fails() =>
        Assert.Equal("its breaker is open", HealthMerge.Of([], new Dictionary<string, string> { ["model"] = "its breaker is open" }, options).Failing["model"]);

    [Fact]
    public void A_pipeline_s_source_that_fails_says_nothing_of_others_of_its_type_until_enough_of_them_and_half_fail()
    {
        var (types, wells) = (0, 0);
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            options.TypeFailsFrom = random.Next(1, 5);
            var (process, other) = (Local(), Local());
            var read = new SortedDictionary<(string Tenant, string Pipeline), bool>();
            for (var n = random.Next(1, 10); n > 0; n--)
                read[($"t-{random.Next(5)}", $"p-{random.Next(3)}")] = random.Next(2) == 0;
            foreach (var ((tenant, pipeline), fails) in read)
            {
                var local = random.Next(2) == 0 ? process : other;
                if (fails)
                    local.Failed(new SourceRead("airbyte", tenant, pipeline), $"words of {tenant}", options.FailuresInARow);
                else
                    local.Worked(new SourceRead("airbyte", tenant, pipeline));
            }
            var said = $"seed {seed}";
            var tenants = read.GroupBy(one => one.Key.Tenant).Select(tenant => tenant.Count(one => one.Value) * 2 >= tenant.Count()).ToArray();
            Same(tenants, Merge(true, process.Report(), other.Report()).Failing.Keys, [], said);
            Assert.DoesNotContain(Merge(true, process.Report(), other.Report()).Failing.Values, because => because.Contains("t-", StringComparison.Ordinal));
            var (one, two) = (Local(), Local());
            foreach (var ((_, pipeline), fails) in read.Where(source => source.Key.Tenant == read.First().Key.Tenant))
                if (fails)
                    one.Failed(new SourceRead("airbyte", "acme", pipeline), "its words", options.FailuresInARow);
                else
                    two.Worked(new SourceRead("airbyte", "acme", pipeline));
            var own = read.Where(source => source.Key.Tenant == read.First().Key.Tenant).ToArray();
            Same([.. own.Select(source => source.Value)], Merge(one.Report(), two.Report()).Failing.Keys, [.. own.Where(source => source.Value).Select(source => $"airbyte@{source.Key.Pipeline}")], said);
        }
        Assert.True(types > 50 && wells > 50, $"{types} types failed, {wells} did not");

        void Same(bool[] fail, IEnumerable<string> found, string[] sources, string said)
        {
            var type = fail.Count(one => one) >= options.TypeFailsFrom && fail.Count(one => one) * 2 >= fail.Length;
            (types, wells) = (types + (type ? 1 : 0), wells + (type ? 0 : 1));
            Assert.True(((string[])[.. type ? ["airbyte"] : (string[])[], .. sources]).SequenceEqual(found), $"{said}: {string.Join(' ', found)}");
        }
    }

    [Fact]
    public void Of_a_tenant_that_is_forgotten_no_source_is_reported()
    {
        var local = Local();
        local.Failed(new SourceRead("airbyte", "acme", "crm"), "no answer", 3);
        local.Failed(new SourceRead("airbyte", "globex", "crm"), "no answer", 3);
        local.ForgetSources("acme");
        Assert.Equal(["globex"], local.Report().Sources!.Select(source => source.Tenant));
    }

    private LocalHealth Local() => new(options, [], time);

    private HealthSnapshot Merge(params HealthReport[] reports) => Merge(false, reports);

    private HealthSnapshot Merge(bool ofAll, params HealthReport[] reports) => HealthMerge.Of(reports, new Dictionary<string, string>(), options, ofAll);
}
