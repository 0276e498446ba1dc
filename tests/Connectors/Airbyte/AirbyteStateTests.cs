using System.Text.Json;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>States of connectors as checkpoints: what is remembered, what is given back, what counts as vanished.</summary>
public sealed class AirbyteStateTests : IDisposable
{
    private readonly AirbyteUnderTest airbyte = new();
    private readonly ScriptedConnector connector = new(ScriptedConnector.Stream("deals", incremental: true), ScriptedConnector.Stream("users"));

    public void Dispose()
    {
        connector.Dispose();
        airbyte.Dispose();
    }

    [Fact]
    public async Task A_batch_never_carries_a_state_whose_records_are_not_in_it_or_before()
    {
        connector.Plays([Deal(1), Deal(2), State("deals", """{"at":2}"""), Deal(3), State("deals", """{"at":3}"""), Deal(4)]);
        var batches = (await airbyte.Read(connector, budget: new BatchBudget(MaxRecords: 1))).Batches.Where(batch => batch.Records.Count > 0).ToArray();
        Assert.Equal(4, batches.Length);
        Assert.Equal([0, 0, 2, 3], batches.Select(batch => At(batch.State)));
    }

    [Fact]
    public async Task The_next_run_is_given_the_state_of_the_incremental_stream_and_none_of_the_whole_one()
    {
        connector.Plays([Deal(1), State("deals", """{"at":1}"""), User(1), State("users", """{"page":9}""")]);
        var first = await airbyte.Read(connector);
        Copies();
        await airbyte.Read(connector, first.State, run: "run-2");
        Assert.Equal("""[{"type":"STREAM","stream":{"stream_descriptor":{"name":"deals"},"stream_state":{"at":1}}}]""", connector.Written("given"));
        await airbyte.Read(connector, first.State, run: "run-1");
        Assert.Contains("""{"page":9}""", connector.Written("given"));
        await airbyte.Read(connector, first.State, run: "run-3", fullRefresh: true);
        Assert.Equal("none\n", connector.Written("given"));
    }

    [Fact]
    public async Task A_global_state_comes_back_whole()
    {
        connector.Plays([Deal(1), """{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"lsn":7},"stream_states":[{"stream_descriptor":{"name":"deals"},"stream_state":{"at":1}}]}}}"""]);
        var first = await airbyte.Read(connector);
        Copies();
        await airbyte.Read(connector, first.State, run: "run-2");
        Assert.Equal("""[{"type":"GLOBAL","global":{"shared_state":{"lsn":7},"stream_states":[{"stream_descriptor":{"name":"deals"},"stream_state":{"at":1}}]}}]""", connector.Written("given"));
    }

    [Fact]
    public async Task A_legacy_state_comes_back_as_it_was()
    {
        connector.Plays([Deal(1), """{"type":"STATE","state":{"data":{"deals":{"at":"2023-01-01"}}}}"""]);
        var first = await airbyte.Read(connector);
        Copies();
        await airbyte.Read(connector, first.State, run: "run-2");
        Assert.Equal("""{"deals":{"at":"2023-01-01"}}""", connector.Written("given"));
    }

    [SharedDataTheory]
    [InlineData("source-github")]
    [InlineData("source-jira")]
    [InlineData("source-intercom")]
    [InlineData("source-close-com")]
    public async Task States_that_real_connectors_were_seen_to_give_come_back_as_they_were(string name)
    {
        using var sample = JsonDocument.Parse(File.ReadAllText(Path.Combine(SharedData.Root!, "airbyte_fixtures", name, "integration_tests", "sample_state.json")));
        var states = sample.RootElement.ValueKind == JsonValueKind.Array
            ? sample.RootElement.EnumerateArray().Where(state => state.TryGetProperty("stream", out _)).Select(state => (state.GetProperty("stream").GetProperty("stream_descriptor").GetProperty("name").GetString()!, State: state.GetProperty("stream").GetProperty("stream_state").GetRawText())).ToArray()
            : [.. sample.RootElement.EnumerateObject().Select(state => (state.Name, State: state.Value.GetRawText()))];
        Assert.NotEmpty(states);
        connector.Catalog([.. states.Select(state => ScriptedConnector.Stream(state.Item1, incremental: true))]);
        connector.Plays(states.Select(state => State(state.Item1, JsonSerializer.Serialize(JsonDocument.Parse(state.State)))));
        var first = await airbyte.Read(connector);
        Copies();
        await airbyte.Read(connector, first.State, run: "run-2");
        using var given = JsonDocument.Parse(connector.Written("given"));
        Assert.Equal(states.Length, given.RootElement.GetArrayLength());
        foreach (var (returned, stated) in given.RootElement.EnumerateArray().Zip(states))
            Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(stated.State).RootElement, returned.GetProperty("stream").GetProperty("stream_state")), stated.Item1);
    }

    [Fact]
    public async Task A_state_before_any_record_and_states_without_records_are_checkpoints_too()
    {
        connector.Plays([State("deals", """{"at":5}"""), State("deals", """{"at":6}""")]);
        var reading = await airbyte.Read(connector);
        Assert.Null(reading.Failure);
        Assert.Empty(reading.Records);
        Assert.Equal(6, At(reading.State));
    }

    [Fact]
    public async Task A_count_that_a_state_states_and_that_did_not_arrive_is_told()
    {
        connector.Plays([Deal(1), ScriptedConnector.State("deals", "{}", count: 2), Deal(2), ScriptedConnector.State("deals", "{}", count: 1)]);
        Assert.Equal("A state of stream deals says that 2 records came since the one before; 1 arrived.", Assert.Single((await airbyte.Read(connector)).Lines, line => line.StartsWith("A state", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_whole_reading_is_named_with_its_generation_and_the_next_run_has_another_one()
    {
        connector.Plays([User(1), User(2)]);
        var first = await airbyte.Read(connector);
        Assert.Equal([KeyValuePair.Create("crm/users", 1)], first.Whole!);
        var second = await airbyte.Read(connector, first.State, run: "run-2");
        Assert.Equal([KeyValuePair.Create("crm/users", 2)], second.Whole!);
        Assert.All(second.Records, record => Assert.Equal(2, record.Generation));
        Assert.Equal(2, second.Batches[^1].Held);
        Assert.Equal(3, (await airbyte.Read(connector, second.State, run: "run-3", fullRefresh: true)).Whole!["crm/users"]);
    }

    [Fact]
    public async Task A_reading_is_whole_only_where_the_connector_calls_each_stream_complete_if_it_speaks_of_that_at_all()
    {
        connector.Plays([Deal(1), Status("deals", "COMPLETE"), User(1), Status("users", "INCOMPLETE")]);
        var cut = await airbyte.Read(connector);
        Assert.Contains("without saying that stream users is complete (its status: INCOMPLETE)", cut.Failure!.Message);
        Assert.Null(cut.Whole);
        connector.Plays([Deal(1), Status("deals", "COMPLETE"), User(1), Status("users", "COMPLETE")]);
        Assert.Single((await airbyte.Read(connector)).Whole!);
    }

    [Fact]
    public async Task A_whole_stream_that_lost_most_of_its_records_fails_the_run_and_nothing_vanishes()
    {
        connector.Plays([.. Enumerable.Range(1, 10).Select(User)]);
        var first = await airbyte.Read(connector);
        connector.Plays([]);
        var second = await airbyte.Read(connector, first.State, run: "run-2");
        Assert.Contains("stream users gave 0 records; its last whole reading gave 10", second.Failure!.Message);
        Assert.False(second.Failure.Transient);
        Assert.Null(second.Whole);
    }

    [Fact]
    public async Task A_deletion_that_the_source_tells_is_one_here()
    {
        connector.Plays([Deal(1), ScriptedConnector.Deal(1, ",\"_ab_cdc_deleted_at\":\"2024-01-01\""), ScriptedConnector.Deal(2, ",\"_ab_cdc_deleted_at\":null")]);
        Assert.Equal([RecordOperation.Upsert, RecordOperation.Delete, RecordOperation.Upsert], (await airbyte.Read(connector)).Records.Select(record => record.Operation));
    }

    [Fact]
    public async Task A_connector_that_dies_at_one_place_again_and_again_is_given_up()
    {
        connector.Plays([Deal(1)], "exit 1");
        string? state = null;
        for (var tries = 0; tries <= AirbyteReader.MaxTries; tries++)
        {
            var reading = await airbyte.Read(connector, state);
            Assert.Equal(tries < AirbyteReader.MaxTries, reading.Failure!.Transient);
            state = reading.State;
        }
        connector.Plays([State("deals", """{"at":9}""")], "exit 1");
        Assert.Contains("\"at\":9", (await airbyte.Read(connector, state)).State);
    }

    [Fact]
    public async Task A_stream_without_a_key_is_keyed_by_content_and_streams_of_two_namespaces_stay_apart()
    {
        connector.Catalog(ScriptedConnector.Stream("rows", key: "", space: "left"), ScriptedConnector.Stream("rows", key: "a.b,c", space: "right", types: "{}"));
        connector.Plays([ScriptedConnector.Record("rows", """{"x":1}""", "left"), ScriptedConnector.Record("rows", """{"x":1}""", "left"), ScriptedConnector.Record("rows", """{"a.b":"p/q","c":2}""", "right")]);
        var records = (await airbyte.Read(connector)).Records;
        Assert.Equal(["crm/left/rows", "crm/left/rows", "crm/right/rows"], records.Select(record => record.Stream));
        Assert.Equal(records[0].Key, records[1].Key);
        Assert.Equal("p\\/q/2", records[2].Key);
    }

    [Fact]
    public async Task A_rotated_configuration_is_kept_when_it_is_told_and_counts_until_the_definition_says_otherwise()
    {
        connector.Settings["config"] = """{"refresh":"${env:REFRESH}"}""";
        airbyte.Secrets["REFRESH"] = "first-token-value";
        connector.Plays(["""{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":1,"connectorConfig":{"config":{"refresh":"second-token-value"}}}}""", Deal(1),
            """{"type":"LOG","log":{"level":"INFO","message":"now second-token-value"}}"""], "exit 1");
        var first = await airbyte.Read(connector);
        Assert.Contains("second-token-value", Assert.Single(airbyte.Kept.Values));
        Assert.DoesNotContain("second-token-value", string.Join('\n', first.Lines));
        connector.Does("cp \"$config\" \"$here/given\"");
        await airbyte.Read(connector, first.State);
        Assert.Contains("second-token-value", connector.Written("given"));
        airbyte.Secrets["REFRESH"] = "third-token-value";
        await airbyte.Read(connector, first.State);
        Assert.Contains("third-token-value", connector.Written("given"));
    }

    private static string Deal(int id) => ScriptedConnector.Deal(id);

    private static string User(int id) => ScriptedConnector.Record("users", "{\"id\":\"" + id + "\"}");

    private static string State(string stream, string state) => ScriptedConnector.State(stream, state);

    private static string Status(string stream, string status) => ScriptedConnector.Status(stream, status);

    private static int At(string state)
    {
        using var document = JsonDocument.Parse(state);
        return document.RootElement.GetProperty("streams").EnumerateArray().Where(stream => stream.GetProperty("name").GetString() == "deals" && stream.TryGetProperty("state", out _))
            .Select(stream => stream.GetProperty("state").GetProperty("at").GetInt32()).SingleOrDefault();
    }

    private void Copies() => connector.Does("if [ -n \"$state\" ]; then cp \"$state\" \"$here/given\"; else echo none > \"$here/given\"; fi");
}
