using System.Diagnostics;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>What connectors do wrong, and what becomes of it: what came before is kept, the rest is explained, and nothing is left running.</summary>
public sealed class MisbehavingConnectorTests : IDisposable
{
    private const string Hang = "while :; do sleep 1; done";

    private readonly AirbyteUnderTest airbyte = new();
    private readonly ScriptedConnector connector = new();

    public void Dispose()
    {
        connector.Dispose();
        airbyte.Dispose();
    }

    [Fact]
    public async Task One_that_hangs_before_its_first_message_is_ended_and_may_be_tried_again()
    {
        connector.Settings["startWithin"] = "1m";
        connector.Does($"echo $$ > \"$here/pid\"\n{Hang}");
        var reading = await airbyte.ReadWhileItHangs(AirbyteUnderTest.Context(connector), connector, records: 0, "pid");
        Assert.Contains("no message within 00:01:00", reading.Failure!.Message);
        Assert.True(reading.Failure.Transient);
        await Gone("pid");
    }

    [Fact]
    public async Task One_that_hangs_midway_is_ended_and_what_came_before_is_kept_with_its_state()
    {
        connector.Settings["idleAfter"] = "1m";
        connector.Plays([Deal(1), State("deals", """{"at":1}"""), Deal(2)], $"echo $$ > \"$here/pid\"\n{Hang}");
        var reading = await airbyte.ReadWhileItHangs(AirbyteUnderTest.Context(connector), connector, records: 2, "pid");
        Assert.Contains("no message for 00:01:00", reading.Failure!.Message);
        Assert.Equal(2, reading.Records.Count);
        Assert.Contains("\"at\":1", reading.State);
        await Gone("pid");
    }

    [Theory]
    [InlineData("spec")]
    [InlineData("discover")]
    public async Task One_that_never_answers_what_it_is_asked_before_is_ended(string verb)
    {
        connector.Settings["startWithin"] = "1m";
        File.WriteAllText(Path.Combine(connector.Folder, "connector.sh"), $"here=$(dirname \"$0\")\n[ $1 = {verb} ] || exec cat \"$here/$1.jsonl\"\necho $$ > \"$here/pid\"\n{Hang}\n");
        var reading = await airbyte.ReadWhileItHangs(AirbyteUnderTest.Context(connector), connector, records: 0, "pid");
        Assert.Contains($"{verb}: no answer within 00:01:00", reading.Failure!.Message);
        await Gone("pid");
    }

    [Fact]
    public async Task A_flood_of_lines_that_are_no_messages_ends_it()
    {
        airbyte.Options.MaxBadPieces = 100;
        connector.Does("while :; do echo 'all work and no play'; done");
        var reading = await airbyte.Read(connector);
        Assert.Contains("printed more than 1000 lines that are no messages", reading.Failure!.Message);
        Assert.False(reading.Failure.Transient);
        Assert.InRange(reading.Lines.Count, 1, 2 * ConnectorLines.MaxHeld + 10);
    }

    [Fact]
    public async Task A_flood_of_standard_error_neither_blocks_it_nor_is_kept()
    {
        connector.Plays([Deal(1)], "head -c 30000000 /dev/zero | tr '\\0' x >&2\nyes 'a line' 2> /dev/null | head -n 100000 >&2\nexit 3");
        var reading = await airbyte.Read(connector);
        Assert.Contains("ended with exit code 3; the last line of its standard error: a line", reading.Failure!.Message);
        Assert.Equal(ConnectorProcess.KeptErrorLines, reading.Lines.Count(line => line.StartsWith("stderr: ", StringComparison.Ordinal)));
        Assert.Single(reading.Records);
    }

    [Theory]
    [InlineData("exit 1", "ended with exit code 1")]
    [InlineData("kill -9 $$", "was killed (signal 9)")]
    [InlineData("kill -11 $$", "was ended by signal 11")]
    public async Task One_that_dies_at_a_record_is_explained_and_what_came_before_is_kept(string death, string explanation)
    {
        connector.Plays([.. Enumerable.Range(1, 7).Select(id => Deal(id))], $"echo 'cannot go on' >&2\n{death}");
        var reading = await airbyte.Read(connector);
        Assert.Equal(7, reading.Records.Count);
        Assert.Contains(explanation, reading.Failure!.Message);
        Assert.Contains("cannot go on", reading.Failure.Message);
        Assert.True(reading.Failure.Transient);
        Assert.Null(reading.Whole);
    }

    [Theory]
    [InlineData("/no/such/connector", "was not found (exit code 127)")]
    [InlineData("/dev/null", "is no program that may be executed (exit code 126)")]
    public async Task A_command_that_cannot_be_run_is_explained_and_not_tried_again(string command, string explanation)
    {
        var definition = new SourceDefinition("airbyte", new Dictionary<string, string> { ["name"] = "source", ["command"] = JsonSerializer.Serialize(new[] { command }) });
        await using var reader = await airbyte.Kind.Open(new SourceContext("acme", "crm", definition) { Run = "r" }, new SourcePartition("read", "r", 0), null, default);
        var failure = await Assert.ThrowsAsync<SourceException>(async () =>
        {
            while (await reader.Read(BatchBudget.Default, default) is not null)
            {
            }
        });
        Assert.Contains(explanation, failure.Message);
        Assert.False(failure.Transient);
    }

    [Fact]
    public async Task Rubbish_between_records_is_told_or_quarantined_and_the_records_arrive()
    {
        connector.Plays([Deal(1), "Warning: something is deprecated", "", """{"level":"INFO","message":"not of the protocol"}""", """{"type":"RECORD","record":{"stream":"deals","data":{"id":"2" """,
            """{"type":"PARTY"}""", """{"type":"RECORD","record":{"stream":"deals"}}""", """{"type":"RECORD"}""", """{"type":"STATE"}""", ScriptedConnector.Record("strangers", "{}"), Deal(3)]);
        var reading = await airbyte.Read(connector);
        Assert.Null(reading.Failure);
        Assert.Equal(["1", "3"], reading.Records.Select(record => record.Key));
        Assert.Contains("Warning: something is deprecated", reading.Lines);
        Assert.Contains("Messages of type \"PARTY\" say nothing to a reading; they are left aside.", reading.Lines);
        Assert.Equal(["message", "json", "message", "message", "message", "stream"], reading.Bad.Select(piece => piece.Reason.Rule));
        Assert.Contains("\"strangers\" is not among them", reading.Bad[^1].Reason.Hint);
        Assert.Equal([4L, 5, 7, 8, 9, 10], reading.Bad.Select(piece => piece.Origin.Line));
        Assert.Empty(reading.Whole!);
    }

    [Fact]
    public async Task Bytes_that_are_not_text_a_name_twice_and_depth_without_end_are_quarantined()
    {
        connector.Does("printf '{\"type\":\"RECORD\",\"record\":{\"stream\":\"deals\",\"data\":{\"id\":\"\\377\"}}}\\n'\ncat \"$here/messages.jsonl\"");
        File.WriteAllLines(connector.Messages, [Deal(1, ",\"id\":\"2\""), Deal(2, $",\"x\":{new string('[', 200)}{new string(']', 200)}"), Deal(3)]);
        var reading = await airbyte.Read(connector);
        Assert.Null(reading.Failure);
        Assert.Equal(["3"], reading.Records.Select(record => record.Key));
        Assert.Equal(3, reading.Bad.Count);
    }

    [Fact]
    public async Task Half_a_character_is_quarantined_in_records_and_states_and_mended_in_what_people_read()
    {
        connector.Plays([Deal(1), Deal(2, ",\"n\":\"\\ud800\""), Deal(3, ",\"\\udc00x\":1"), Deal(4, ",\"n\":\"\\ud83d\\ude00 \\\\ud800\""), State("deals", "{\"at\":\"\\ud800\"}"),
            "{\"type\":\"LOG\",\"log\":{\"level\":\"INFO\",\"message\":\"half \\ud800 and \\ud83d\\ude00\"}}",
            "{\"type\":\"TRACE\",\"trace\":{\"type\":\"ERROR\",\"emitted_at\":1,\"error\":{\"message\":\"bad \\udfff thing\",\"failure_type\":\"config_error\"}}}"], "exit 1");
        var reading = await airbyte.Read(connector);
        Assert.Equal(["1", "4"], reading.Records.Select(record => record.Key));
        Assert.Equal(["encoding", "encoding", "encoding"], reading.Bad.Select(piece => piece.Reason.Rule));
        Assert.Equal([2L, 3, 5], reading.Bad.Select(piece => piece.Origin.Line));
        Assert.Contains("half \uFFFD and 😀", reading.Lines);
        Assert.Contains("bad \uFFFD thing", reading.Failure!.Message);
    }

    [Fact]
    public async Task A_catalog_with_a_name_that_no_store_can_hold_is_refused_in_plain_words()
    {
        connector.Catalog(ScriptedConnector.Stream("deals"), ScriptedConnector.Stream("de\\u0000als"));
        Assert.Contains("holds the character U+0000", (await airbyte.Read(connector)).Failure!.Message);
    }

    [Fact]
    public async Task Half_a_line_at_the_end_is_quarantined_and_a_whole_one_without_a_newline_is_not()
    {
        connector.Does($"printf '%s\\n%s' '{Deal(1)}' '{Deal(2)[..40]}'");
        var half = await airbyte.Read(connector);
        Assert.Single(half.Records);
        Assert.Equal("The connector's output ended within it.", Assert.Single(half.Bad).Reason.Hint);
        connector.Does($"printf '%s\\n%s' '{Deal(1)}' '{Deal(2)}'");
        Assert.Equal(2, (await airbyte.Read(connector)).Records.Count);
    }

    [Fact]
    public async Task A_record_that_breaks_the_declared_schema_is_stored_and_told_or_quarantined_as_the_definition_says()
    {
        connector.Catalog(ScriptedConnector.Stream("deals", types: """{"id":{"type":"string"},"amount":{"type":["null","number"]},"tags":{"type":"array","items":{"type":"string"}},"owner":{"type":"object","properties":{"age":{"type":"integer"}}}}"""));
        connector.Plays([Deal(1, ",\"amount\":\"much\",\"tags\":[\"a\",7],\"owner\":{\"age\":1.5}"), Deal(2, ",\"amount\":null,\"tags\":[],\"owner\":{\"age\":3.0},\"more\":true")]);
        var told = await airbyte.Read(connector);
        Assert.All(told.Records, record => Assert.Null(record.Faults));
        Assert.Contains("Stream deals: field amount is much: expected null or number, as the connector's schema declares.", told.Lines);
        connector.Settings["schema"] = "error";
        var strict = await airbyte.Read(connector);
        Assert.Equal(["amount", "tags[]", "owner.age"], strict.Records[0].Faults!.Select(fault => fault.Field));
        Assert.Null(strict.Records[1].Faults);
        connector.Settings["schema"] = "off";
        Assert.DoesNotContain((await airbyte.Read(connector)).Lines, line => line.Contains("amount", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_record_without_its_primary_key_is_faulty_unless_the_definition_has_a_key_of_its_own()
    {
        connector.Plays([ScriptedConnector.Record("deals", """{"name":"nameless"}""")]);
        var fault = Assert.Single(Assert.Single((await airbyte.Read(connector)).Records).Faults!);
        Assert.Equal(("id", "key"), (fault.Field, fault.Rule));
    }

    [Fact]
    public async Task One_that_ignores_the_request_to_end_is_killed_with_all_that_it_started()
    {
        airbyte.Options.Grace = TimeSpan.FromSeconds(1);
        connector.Plays([Deal(1)], $"trap '' TERM\necho $$ > \"$here/pid\"\nsh -c 'trap \"\" TERM; echo $$ > '\"$here\"'/grandchild; {Hang}' &\n{Hang}");
        Assert.NotNull((await airbyte.ReadWhileItHangs(AirbyteUnderTest.Context(connector), connector, records: 1, "pid", "grandchild")).Failure);
        await Gone("pid");
        await Gone("grandchild");
    }

    [Fact]
    public async Task Grandchildren_that_hold_the_output_open_are_ended_and_do_not_hold_up_the_end()
    {
        connector.Plays([Deal(1)], $"(echo $(sh -c 'echo $PPID') > \"$here/grandchild\"; {Hang}) &\nuntil [ -s \"$here/grandchild\" ]; do :; done");
        var reading = await airbyte.Read(connector);
        Assert.Null(reading.Failure);
        Assert.Single(reading.Records);
        await Gone("grandchild");
    }

    [Fact]
    public async Task Secrets_are_on_no_command_line_in_no_environment_and_in_no_log()
    {
        const string Secret = "s3cr3t/Wört\"er";
        airbyte.Secrets["CRM_TOKEN"] = Secret;
        connector.Settings["config"] = """{"token":"${env:CRM_TOKEN}","plain":"open-but-declared"}""";
        connector.Spec("""{"connectionSpecification":{"properties":{"plain":{"type":"string","airbyte_secret":true}}}}""");
        connector.Does("""
            cat "$config" >&2
            cp "$config" "$here/seen.json"
            stat -c %a "$config" > "$here/mode"; stat -c %a "$(dirname "$(dirname "$config")")" >> "$here/mode"
            tr '\0' '\n' < /proc/$PPID/cmdline > "$here/cmdline"; env > "$here/env"
            printf '{"type":"LOG","log":{"level":"INFO","message":"using token s3cr3t/W\\u00f6rt\\"er and open-but-declared"}}\n'
            printf '{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1,"error":{"message":"401 for s3cr3t/W\\u00f6rt\\"er","failure_type":"config_error"}}}\n'
            echo 's3cr3t%2FW%C3%B6rt%22er in an address'
            exit 1
            """);
        var reading = await airbyte.Read(connector);
        var shown = string.Join('\n', reading.Lines.Append(reading.Failure!.Message));
        Assert.DoesNotContain("3cr3t", shown);
        Assert.DoesNotContain("open-but-declared", shown);
        Assert.Contains("using token ******** and ********", reading.Lines);
        Assert.False(reading.Failure.Transient);
        Assert.Equal(Secret, JsonDocument.Parse(connector.Written("seen.json")).RootElement.GetProperty("token").GetString());
        Assert.Equal("600\n700\n", connector.Written("mode"));
        Assert.DoesNotContain("3cr3t", connector.Written("cmdline") + connector.Written("env"));
        Assert.DoesNotContain("SOPHIA_", connector.Written("env"));
        Assert.Empty(Directory.GetDirectories(airbyte.Options.WorkFolder));
    }

    [Fact]
    public async Task A_tenant_that_is_not_trusted_may_run_no_command()
    {
        var context = AirbyteUnderTest.Context(connector, tenant: "stranger");
        Assert.Contains("may not run any", airbyte.Kind.Objection(context)!);
        Assert.Contains("may not run any", (await Assert.ThrowsAsync<SourceException>(() => airbyte.Kind.Open(context, new SourcePartition("read", "r", 0), null, default))).Message);
        await Assert.ThrowsAsync<SourceException>(async () =>
        {
            await foreach (var _ in airbyte.Kind.Partitions(context, default))
            {
            }
        });
    }

    [Fact]
    public async Task No_more_connectors_of_a_tenant_run_than_it_may_have()
    {
        using var world = new AirbyteUnderTest(TimeProvider.System); // One that may start has all of a call's time for it.
        world.Options.MaxPerTenant = 1;
        connector.Plays([Deal(1)]);
        var context = AirbyteUnderTest.Context(connector);
        await using var first = await world.Kind.Open(context, new SourcePartition("read", "r", 0), null, default);
        while ((await first.Read(BatchBudget.Default, default))!.Records.Count == 0)
        {
        }
        await using var second = await world.Kind.Open(context, new SourcePartition("read", "r", 0), null, default);
        Assert.Empty((await second.Read(BatchBudget.Default, default))!.Records);
        await first.DisposeAsync();
        Assert.Single((await AirbyteUnderTest.Drain(second)).Records);
    }

    private static string Deal(int id, string more = "") => ScriptedConnector.Deal(id, more);

    private static string State(string stream, string state) => ScriptedConnector.State(stream, state);

    private Task Gone(string file)
    {
        var process = int.Parse(connector.Written(file));
        return Eventually.Comes(() => IsGone(process), $"{file} {process} ends");
    }

    private static bool IsGone(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true; // It has been reaped.
        }
    }
}
