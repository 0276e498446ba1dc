using System.Diagnostics;
using System.Text;
using Sophia.Log;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>The gate's arithmetic, walked through over every small batch, and its borders.</summary>
public sealed class RecordGateTests
{
    private static readonly RuleDefinition[] FourRules =
    [
        GateUnderTest.Rule(RuleKind.Required, "r"),
        GateUnderTest.Rule(RuleKind.Type, "t", arguments: ("type", "number")),
        GateUnderTest.Rule(RuleKind.Age, "d", arguments: ("maxAge", "30d")),
        GateUnderTest.Rule(RuleKind.Unique, "u"),
    ];

    /// <summary>Every batch of 1 to 4 records of 4 cells, each right or wrong: scores by formula, batch rule by mean, reasons by cell.</summary>
    [Fact]
    public void Every_small_batch_scores_by_its_formulas()
    {
        for (var size = 1; size <= 3; size++)
            for (var bits = 0; bits < 1 << (size * 4); bits++)
                Check(size, bits);
    }

    private static void Check(int size, int bits)
    {
        var payloads = new string[size];
        var wrong = new int[4];
        for (var i = 0; i < size; i++)
        {
            bool Bad(int cell) => (bits >> (i * 4 + cell) & 1) == 1;
            payloads[i] = $$"""{"r":{{(Bad(0) ? "null" : "1")}},"t":{{(Bad(1) ? "\"x\"" : "\"1\"")}},"d":"{{(Bad(2) ? "2020-01-01" : "2024-05-31")}}","u":{{(Bad(3) ? 0 : i + 1)}}}""";
            for (var cell = 0; cell < 4; cell++)
                wrong[cell] += Bad(cell) ? 1 : 0;
        }
        wrong[3] = Math.Max(0, wrong[3] - 1);
        var result = GateUnderTest.Judge(new GateDefinition(), FourRules, payloads);
        var share = wrong.Select(count => 1 - (double)count / size).ToArray();
        Assert.Equal(new QualityScores(share[0], share[1], 1, share[2], share[3]), result.Scores);
        var held = size > 1 && wrong.Sum() * 100 > 25 * size;
        Assert.Equal(held, result.Held);
        for (var i = 0; i < size; i++)
        {
            var repeats = (bits >> (i * 4 + 3) & 1) == 1 && Enumerable.Range(0, i).Any(j => (bits >> (j * 4 + 3) & 1) == 1);
            var own = (bits >> (i * 4) & 1) + (bits >> (i * 4 + 1) & 1) + (bits >> (i * 4 + 2) & 1) + (repeats ? 1 : 0);
            Assert.Equal(own + (held ? 1 : 0), result.Reasons[i]?.Count ?? 0);
            if (held)
                Assert.Equal("batch", result.Reasons[i]![^1].Rule);
        }
    }

    [Fact]
    public void A_mean_of_exactly_the_minimum_passes_and_a_hair_less_is_held()
    {
        string[] Batch(int wrong) => [.. Enumerable.Range(0, 100).Select(i => $$"""{"t":{{(i < wrong ? "\"x\"" : "1")}}}""")];
        Assert.False(GateUnderTest.Judge(new GateDefinition(), [FourRules[1]], Batch(25)).Held);
        Assert.True(GateUnderTest.Judge(new GateDefinition(), [FourRules[1]], Batch(26)).Held);
    }

    [Fact]
    public void A_check_under_its_floor_holds_the_batch_though_the_mean_is_high()
    {
        var gate = new GateDefinition { Floors = new Dictionary<string, double> { ["completeness"] = 0.9 } };
        var result = GateUnderTest.Judge(gate, [FourRules[0]], [.. Enumerable.Range(0, 10).Select(i => i < 2 ? "{}" : """{"r":1}""")]);
        Assert.True(result.Held);
        Assert.Equal(("*", "batch", "0.8", "completeness of at least 0.9"), (result.Reasons[9]![0].Field, result.Reasons[9]![0].Rule, result.Reasons[9]![0].Value, result.Reasons[9]![0].Expected));
        Assert.Contains("1 - 2 missing / 10 required cells", result.Details[0]);
    }

    [Fact]
    public void Without_rules_everything_passes_and_nothing_is_scored()
    {
        var result = GateUnderTest.Judge(new GateDefinition(), [], "{}", "no json at all");
        Assert.All(result.Reasons, Assert.Null);
        Assert.Null(result.Scores);
    }

    [Fact]
    public void A_warning_lets_the_record_pass_and_the_score_fall()
    {
        var result = GateUnderTest.Judge(new GateDefinition(), [GateUnderTest.Rule(RuleKind.Type, "t", RuleLevel.Warning, arguments: ("type", "number"))], [.. Enumerable.Range(0, 10).Select(i => i == 0 ? """{"t":"x"}""" : """{"t":1}""")]);
        Assert.All(result.Reasons, Assert.Null);
        Assert.Equal((0, "t"), (Assert.Single(result.Warnings).Index, result.Warnings[0].Reason.Field));
        Assert.Equal(0.9, result.Scores!.Accuracy, 9);
    }

    [Fact]
    public void A_cell_that_two_rules_speak_of_counts_once()
    {
        var rules = new[] { FourRules[1], GateUnderTest.Rule(RuleKind.Range, "t", arguments: ("min", "0")) };
        var result = GateUnderTest.Judge(new GateDefinition { MinimumScore = 0 }, rules, """{"t":"x"}""", """{"t":1}""");
        Assert.Equal(0.5, result.Scores!.Accuracy);
        Assert.Equal(2, result.Reasons[0]!.Count);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"t\":")]
    [InlineData("{} {}")]
    [InlineData("")]
    public void A_payload_that_is_no_object_is_held_with_a_reason(string payload) =>
        Assert.Equal("json", Assert.Single(GateUnderTest.Reasons(FourRules[1], payload)).Rule);

    [Fact]
    public void A_tombstone_is_not_judged()
    {
        var record = new SourceRecord("s", "k", RecordOperation.Delete, "{}"u8.ToArray(), 0, 2, 1);
        Assert.Null(GateUnderTest.Gate(new GateDefinition(), FourRules).Judge([new KeyedRecord("k", record)], GateUnderTest.Now).Reasons[0]);
    }

    [Fact]
    public void A_unique_value_belongs_to_its_key_over_batches_until_the_record_changes_it()
    {
        var gate = GateUnderTest.Gate(new GateDefinition(), GateUnderTest.Rule(RuleKind.Unique, "mail"));
        bool Passes(string key, string mail)
        {
            var payload = Encoding.UTF8.GetBytes($$"""{"mail":"{{mail}}"}""");
            return gate.Judge([new KeyedRecord(key, new SourceRecord("s", key, RecordOperation.Upsert, payload, 0, payload.Length, 1))], GateUnderTest.Now).Reasons[0] is null;
        }

        Assert.True(Passes("1", "a@x"));
        Assert.True(Passes("1", "a@x"));
        Assert.False(Passes("2", "a@x"));
        Assert.True(Passes("1", "b@x"));
        Assert.True(Passes("2", "a@x"));
    }

    [Fact]
    public void A_unique_window_forgets_the_oldest_and_stays_bounded()
    {
        var window = new UniqueWindow(capacity: 3);
        for (var i = 0; i < 10; i++)
            Assert.True(window.Claim("s", "r", Encoding.UTF8.GetBytes($"v{i}"), $"k{i}"));
        Assert.False(window.Claim("s", "r", "v9"u8, "other"));
        Assert.True(window.Claim("s", "r", "v0"u8, "other"));
    }

    /// <summary>Prints, and holds within a wide margin, what a record of 500 bytes under five rules costs.</summary>
    [Fact]
    public void Five_rules_on_a_record_of_500_bytes_cost_about_a_microsecond()
    {
        RuleDefinition[] rules =
        [
            GateUnderTest.Rule(RuleKind.Required, "id"), GateUnderTest.Rule(RuleKind.Type, "amount", arguments: ("type", "number")), GateUnderTest.Rule(RuleKind.Format, "email", arguments: ("format", "email")),
            GateUnderTest.Rule(RuleKind.Range, "amount", arguments: [("min", "0"), ("max", "1000000")]), GateUnderTest.Rule(RuleKind.Enum, "stage", values: ["Won", "Lost", "Open"]),
        ];
        var gate = GateUnderTest.Gate(new GateDefinition(), rules);
        var records = GateUnderTest.Records([.. Enumerable.Range(0, 5_000).Select(i =>
            $$"""{"id":"{{i:D8}}","name":"Customer {{i}}","email":"c{{i}}@example.org","amount":{{i}}.25,"stage":"Won","created":"2024-05-01","note":"{{new string('n', 340)}}"}""")]);
        for (var warm = 0; warm < 20; warm++)
            gate.Judge(records, GateUnderTest.Now);
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < 20; round++)
        {
            var started = Stopwatch.GetTimestamp();
            gate.Judge(records, GateUnderTest.Now);
            best = Stopwatch.GetElapsedTime(started) < best ? Stopwatch.GetElapsedTime(started) : best;
        }
        Console.WriteLine($"gate: {best.TotalNanoseconds / records.Length:F0} ns a record");
        Assert.True(best.TotalMicroseconds / records.Length < 20);
    }
}
