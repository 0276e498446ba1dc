using System.Text;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>What definitions say, and what is said about wrong ones.</summary>
public sealed class DefinitionTests
{
    private const string Full = """
        name: crm
        description: Deals of the sales team
        sources:
          - type: files
            path: /data/crm
            include: ["*.csv", "*.jsonl"]
            watch: true
          - {type: github-webhook, secret: env:GITHUB_SECRET}
        schedule: every 5m
        parallelism: 4
        streams:
          deals:
            key: [region, id]
            mode: append
            rules:
              - required: [email, amount]
              - type: {amount: number}
              - format: {email: email}
              - range: {amount: {min: 0, max: 1e6}}
                level: warning
                name: sane-amount
              - enum: {stage: [Won, Lost]}
              - pattern: {sku: "^[A-Z]+$"}
              - check: "close_date >= engage_date"
                field: close_date
              - age: {updated_at: 30d}
              - unique: email
          "*": {key: id}
        gate: {minimumScore: 0.9, floors: {completeness: 0.8}, failWhenEmpty: false, minimumShareOfUsual: 0.25}
        """;

    [Theory]
    [InlineData("name: crm\nsource: {type: webhook, secret: generated, stream: \"a\\0b\"}", "crm.yaml:2: expected text without the character U+0000")]
    [InlineData("name: crm\nsource: {type: files, path: \"/data\\0\"}", "crm.yaml:2: expected text without the character U+0000")]
    [InlineData("name: crm\nsource: {type: files, path: /data}\nstreams: {\"a\\0b\": {key: id}}", "crm.yaml:3: expected text without the character U+0000")]
    [InlineData("{\"name\":\"crm\",\n\"source\":{\"type\":\"webhook\",\"secret\":\"generated\",\"stream\":\"\\ud800\"}}", "crm.yaml:2: expected text of whole characters, found half of one")]
    [InlineData("{\"name\":\"crm\",\n\"\\udc00\":1}", "crm.yaml:2: expected text of whole characters, found half of one")]
    public void A_text_that_no_store_can_hold_is_refused_with_its_line(string text, string error) => Assert.Equal(error, Assert.Single(PipelineDefinitionReader.Read(text, "crm.yaml").Errors));

    [Fact]
    public void A_definition_is_read_whole()
    {
        var read = PipelineDefinitionReader.Read(Full, "crm.yaml");
        Assert.Empty(read.Errors);
        var definition = read.Definition!;
        Assert.Equal(("crm", "every 5m", 4), (definition.Name, definition.Schedule, definition.Parallelism));
        Assert.Equal(("*.csv\n*.jsonl", "files"), (definition.Sources[0]["include"], definition.Sources[0]["name"]));
        Assert.Equal((0.9, 0.8, false, 0.25), (definition.Gate.MinimumScore, definition.Gate.Floors["completeness"], definition.Gate.FailWhenEmpty, definition.Gate.MinimumShareOfUsual));
        var deals = definition.Streams["deals"];
        Assert.Equal((SyncMode.Append, "region id"), (deals.Mode, string.Join(' ', deals.Key)));
        Assert.Equal(
            [
                "required:email Required email Error  16", "required:amount Required amount Error  16", "type:amount Type amount Error type=number 17",
                "format:email Format email Error format=email 18", "sane-amount Range amount Warning min=0,max=1e6 19", "enum:stage Enum stage Error  22",
                "pattern:sku Pattern sku Error pattern=^[A-Z]+$ 23", "check:close_date CrossField close_date Error expression=close_date >= engage_date 24",
                "age:updated_at Age updated_at Error maxAge=30d 26", "unique:email Unique email Error  27",
            ],
            deals.Rules.Select(rule => $"{rule.Name} {rule.Kind} {rule.Field} {rule.Level} {string.Join(',', rule.Arguments.Select(pair => $"{pair.Key}={pair.Value}"))} {rule.Line}"));
        Assert.Equal(["Won", "Lost"], deals.Rules.Single(rule => rule.Kind == RuleKind.Enum).Values);
    }

    [Fact]
    public void Json_says_the_same_as_yaml()
    {
        const string Json = """
            {
              "name": "crm",
              "source": {"type": "files", "path": "/data\/crm", "watch": true},
              "streams": {"deals": {"key": "id", "rules": [{"range": {"amount": {"min": 0}}}]}}
            }
            """;
        var read = PipelineDefinitionReader.Read(Json, "crm.json");
        Assert.Empty(read.Errors);
        Assert.Equal(("/data/crm", "0"), (read.Definition!.Sources[0]["path"], read.Definition.Streams["deals"].Rules[0].Arguments["min"]));
        Assert.Equal(["""crm.json:4: streams.deals.rules[0].range.amount.min: expected a number, found "ten" """.TrimEnd()],
            PipelineDefinitionReader.Read(Json.Replace("\"min\": 0", "\"min\": \"ten\""), "crm.json").Errors);
    }

    [Theory]
    [InlineData("sources: [{type: files, path: x}]", "1: name: expected a name of a-z, 0-9 and '-', found nothing")]
    [InlineData("name: CRM\nsource: {type: files, path: x}", "1: name: expected 1 to 63 of a-z, 0-9 and '-', not starting with '-', found \"CRM\"")]
    [InlineData("name: crm", "1: sources: expected at least one source, found nothing")]
    [InlineData("name: crm\nsource:\n  type: file\n  path: x", "3: source.type: expected one of airbyte, files, github-webhook, webhook, found \"file\"")]
    [InlineData("name: crm\nsource: {type: files}", "2: source.path: expected a folder or file, found nothing")]
    [InlineData("name: crm\nsource:\n  type: files\n  path: x\n  wacth: true", "5: source: unknown key \"wacth\"; did you mean \"watch\"?")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams:\n  deals:\n    rules:\n      - range: {amount: {max: ten}}", "6: streams.deals.rules[0].range.amount.max: expected a number, found \"ten\"")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams: {deals: {rules: [{range: {a: {min: 5, max: 2}}}]}}", "3: streams.deals.rules[0].range.a.max: expected at least min (5), found \"2\"")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams: {deals: {retention: {days: 0}}}", "3: streams.deals.retention.days: expected a whole number from 1 to 36500, found \"0\"")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams: {deals: {retention: {expire: true, versions: 2}}}", "3: streams.deals.retention.days: expected the days after which records expire, found nothing")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams: {deals: {retention: {days: 1, month: 2}}}", "3: streams.deals.retention: unknown key \"month\"")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams: {deals: {rules: [{pattern: {a: '('}}]}}", "3: streams.deals.rules[0].pattern.a: expected a regular expression")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams: {deals: {rules: [{age: {a: soon}}]}}", "3: streams.deals.rules[0].age.a: expected a duration such as 90s, 5m, 12h or 30d, found \"soon\"")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams: {deals: {rules: [{type: {a: decimal}}]}}", "3: streams.deals.rules[0].type.a: expected one of array, boolean")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams: {deals: {rules: [{level: warning}]}}", "3: streams.deals.rules[0]: expected one of age, check")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nschedule: every 10s", "3: schedule: expected a cron expression")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nschedule: 99 * * * *", "3: schedule: expected a cron expression")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nparallelism: 1000", "3: parallelism: expected a whole number from 0 to 64, found \"1000\"")]
    [InlineData("name: crm\nsource: {type: files, path: x}\ngate: {minimumScore: 95}", "3: gate.minimumScore: expected a number from 0 to 1, found \"95\"")]
    [InlineData("name: crm\nsource: {type: github-webhook, secret: hunter2}", "2: source.secret: expected a reference (env:NAME, file:PATH or generated); a secret itself does not belong in a definition, found a text of 7 characters")]
    [InlineData("name: crm\nsources: [{type: webhook, secret: generated}, {type: webhook, secret: generated}]", "2: sources[1]: expected at most one webhook in a pipeline, found a second one")]
    [InlineData("name: crm\nname: crm\nsource: {type: files, path: x}", "2: expected each key once, found \"name\" again (first on line 1)")]
    [InlineData("name: crm\nsource: {type: files, path: x, stream: audit}", "2: source.stream: expected a name outside of Sophia's own streams (\"audit\" and \"chat\", and all below them), found \"audit\"")]
    [InlineData("name: crm\nsource: {type: webhook, secret: generated, stream: chat/s1}", "2: source.stream: expected a name outside of Sophia's own streams")]
    [InlineData("name: crm\nsource: {type: files, path: x}\nstreams:\n  chat: {key: id}", "4: streams: expected a name outside of Sophia's own streams")]
    [InlineData("name: [", "expected YAML")]
    [InlineData("{\"name\": }", "1: expected JSON")]
    [InlineData("", "1: expected a mapping, found nothing")]
    [InlineData("- a", "1: expected a mapping, found a list")]
    [InlineData("a: *nowhere", "1: expected an anchor that is complete, found *nowhere")]
    public void A_mistake_is_told_with_file_line_and_expectation(string text, string expected)
    {
        var read = PipelineDefinitionReader.Read(text, "crm.yaml");
        Assert.Null(read.Definition);
        var error = Assert.Single(read.Errors);
        Assert.StartsWith("crm.yaml:", error);
        Assert.Contains(expected, error);
        Assert.DoesNotContain("hunter2", error);
    }

    [Fact]
    public void All_mistakes_are_told_at_once_in_the_order_of_their_lines()
    {
        var read = PipelineDefinitionReader.Read("name: crm\nparallelism: many\nsource: {type: files}\nschedul: every 5m\ngate: {minimumScore: 2}", "crm.yaml");
        Assert.Equal([2, 3, 4, 5], read.Errors.Select(error => int.Parse(error.Split(':')[1])));
    }

    [Fact]
    public void A_name_may_be_left_out_but_not_contradicted()
    {
        const string Text = "source: {type: files, path: x}";
        Assert.Equal("crm", PipelineDefinitionReader.Read(Text, "f", "crm").Definition!.Name);
        Assert.Contains("expected \"crm\"", Assert.Single(PipelineDefinitionReader.Read($"name: erp\n{Text}", "f", "crm").Errors));
    }

    [Fact]
    public void A_bomb_of_aliases_is_refused_at_once()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 20; i++)
            bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        Refused(bomb.ToString(), "expected at most 20000 values once every alias is unfolded");
    }

    [Fact]
    public void A_text_that_is_too_deep_or_too_long_is_refused_at_once()
    {
        Refused($"a: {new string('[', 100_000)}", "expected at most 24 levels of nesting");
        Refused($"{{\"a\": {new string('[', 100_000)}", "expected JSON");
        Refused(new string('a', 300_000), "expected at most 256 KB");
        Refused("a: &a [*a]", "expected an anchor that is complete");
    }

    [Theory]
    [InlineData("every 5m", "2026-01-02T03:09:05Z")]
    [InlineData("0 0 6 * * ?", "2026-01-02T06:00:00Z")]
    [InlineData("30 4 * * *", "2026-01-02T04:30:00Z")]
    public void A_schedule_knows_its_next_moment(string text, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next), PipelineSchedule.Parse(text)!.After(DateTimeOffset.Parse("2026-01-02T03:04:05Z")));

    [Theory]
    [InlineData("webhook, secret: generated")]
    [InlineData("files, path: x")]
    public void The_name_of_a_stream_is_bounded(string source)
    {
        Refused($"name: crm\nsource: {{type: {source}, stream: {new string('s', SourceReader.MaxStream + 1)}}}", "2: source.stream: expected at most 300 characters, found 301");
        Assert.Empty(PipelineDefinitionReader.Read($"name: crm\nsource: {{type: {source}, stream: {new string('s', SourceReader.MaxStream)}}}", "crm.yaml").Errors);
    }

    private static void Refused(string text, string expected)
    {
        var error = Assert.Single(PipelineDefinitionReader.Read(text, "crm.yaml").Errors);
        Assert.Contains(expected, error);
    }
}
