using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>What a file's records are called by stays what it was, whatever becomes of the file, of the pipeline and of the release (docs/adr/0034).</summary>
public sealed class FileKeyTests
{
    private const string Head = "id,name,mail";

    [Fact]
    public async Task An_id_that_stands_twice_is_held_back_with_both_places_and_the_rest_stays_what_it_was()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x", "3,Cem,c@x");
        await files.Run();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x", "3,Cem,c@x", "2,Dora,d@x", "3,Cem,c@x");
        var counts = await files.Run();
        Assert.Equal((0, 4, 1), (counts.Stored, counts.Duplicate, counts.Quarantined));
        Assert.Equal("1 2 3", await files.Keys());
        var item = Assert.Single((await files.World.Quarantine.List(PipelineWorld.Tenant, new QuarantineQuery(), default)).Items);
        var reason = Assert.Single(item.Reasons);
        Assert.Equal(("2", "id", "repeated key", "2"), (item.Key, reason.Field, reason.Rule, reason.Value));
        Assert.Equal("another id in every line; line 3 has it already", reason.Expected);
        Assert.StartsWith("2 stands in lines 3 and 5; line 3 is the record.", reason.Hint, StringComparison.Ordinal);
        Assert.Contains("state key: id", reason.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("people.csv", "id,name\n1,Ann\n2,Bob\n", "id,name\n1,Ann\n2,Bob\n1,Ann B\n")]
    [InlineData("people.jsonl", "{\"id\":1,\"name\":\"Ann\"}\n{\"id\":2,\"name\":\"Bob\"}\n", "{\"id\":1,\"name\":\"Ann\"}\n{\"id\":2,\"name\":\"Bob\"}\n{\"id\":1,\"name\":\"Ann B\"}\n")]
    [InlineData("people.json", "[{\"id\":1,\"name\":\"Ann\"},{\"id\":2,\"name\":\"Bob\"}]", "[{\"id\":1,\"name\":\"Ann\"},{\"id\":2,\"name\":\"Bob\"},{\"id\":1,\"name\":\"Ann B\"}]")]
    public async Task Who_was_erased_stays_away_when_the_id_stands_twice(string name, string before, string after)
    {
        await using var files = new KeyedFolder();
        files.Put(name, before);
        await files.Run();
        await files.Erase("1");
        files.Put(name, after);
        var counts = await files.Run();
        Assert.Equal((2, 1, 0), (counts.Blocked, counts.Duplicate, counts.Stored));
        Assert.Equal("2", await files.Keys());
    }

    [Fact]
    public async Task A_row_without_its_id_is_called_by_what_it_says_and_stays_so_wherever_it_stands()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", Head, "1,Ann,a@x");
        await files.Run();
        files.Write("people.csv", Head, "1,Ann,a@x", ",Bob,b@x");
        await files.Run();
        var bob = (await files.Records()).Keys.Single(key => key.StartsWith("people.csv#~", StringComparison.Ordinal));
        files.Write("people.csv", Head, ",Cem,c@x", ",Bob,b@x", "1,Ann,a@x");
        Assert.Equal((1, 2, 0), Few(await files.Run()));
        Assert.Equal(1, await files.VersionOf(bob));
        await files.Erase(bob);
        files.Write("people.csv", Head, ",Bob,b@x", ",Cem,c@x", "1,Ann,a@x", "2,Dora,d@x");
        Assert.Equal(1, (await files.Run()).Blocked);
        Assert.DoesNotContain((await files.Records()).Values, json => json.Contains("Bob", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rows_that_are_called_by_their_place_stay_so_when_an_id_comes()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", "name,mail", "Ann,a@x", "Bob,b@x");
        await files.Run();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x");
        Assert.Equal((2, 0, 0), Few(await files.Run()));
        Assert.Equal("people.csv#1 people.csv#2", await files.Keys());
        Assert.Equal(2, await files.VersionOf("people.csv#1"));
    }

    /// <summary>Whoever takes a line out moves all rows below it.</summary>
    [Fact]
    public async Task Who_was_erased_does_not_come_back_under_the_place_of_another_row()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", "name,mail", "Ann,a@x", "Bob,b@x", "Cem,c@x", "Dora,d@x");
        await files.Run();
        await files.Erase("people.csv#3");
        files.Write("people.csv", "name,mail", "Ann,a@x", "Cem,c@x", "Dora,d@x");
        var counts = await files.Run();
        Assert.Equal((2, 1, 2), (counts.Blocked, counts.Duplicate, counts.Deleted)); // Cem by what it says, so that Bob is there no more; Dora by the place that it moved to, and gone from the one that it had.
        Assert.DoesNotContain((await files.Records()).Values, json => json.Contains("Cem", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_was_gone_and_another_pipeline_over_the_stream_go_on_with_what_is_kept()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x");
        await files.Run();
        files.Delete("people.csv");
        Assert.Equal(2, (await files.Run()).Deleted);
        files.Write("people.csv", Head, "1,Ann,a@x", "1,Bob,b@x");
        Assert.Equal((1, 0, 1), Few(await files.Run()));
        Assert.Equal("1", await files.Keys());

        await files.World.Kill();
        files.Define(pipeline: "renamed");
        files.Write("people.csv", Head, "5,Ann,a@x", "5,Bob,b@x");
        Assert.Equal((1, 0, 1), Few(await files.Run()));
    }

    [Fact]
    public async Task A_new_file_of_a_stream_is_called_by_what_the_others_are()
    {
        await using var files = new KeyedFolder();
        files.Write("2026-10.csv", Head, "1,Ann,a@x", "2,Bob,b@x");
        await files.Run();
        await files.Erase("2");
        files.Write("2026-11.csv", Head, "1,Ann,a@x", "2,Bobby,b@x", "3,Cem,c@x", "3,Dora,d@x");
        var counts = await files.Run();
        Assert.Equal((1, 1, 1, 1), (counts.Stored, counts.Duplicate, counts.Quarantined, counts.Blocked));
        Assert.Equal("1 3", await files.Keys());
        files.Write("other.csv", "name", "Eve");
        await files.Run();
        Assert.Contains("other.csv#1", (await files.Records()).Keys);
    }

    [Theory]
    [InlineData("id,name\n1,Ann\n2,Bob\n", "id,name\n1,Ann\n2,Bob\n2,Cem\n", "1 2")]
    [InlineData("name\nAnn\nBob\n", "id,name\n1,Ann\n2,Bob\n", "people.csv#1 people.csv#2")]
    public async Task A_folder_of_the_release_before_keeps_its_keys(string before, string after, string keys)
    {
        await using var files = new KeyedFolder();
        files.Put("people.csv", before);
        await files.Run();
        await files.ForgetKept();
        files.Put("people.csv", after);
        await files.Run();
        Assert.Equal(keys, await files.Keys());
        Assert.Equal(before.StartsWith("name", StringComparison.Ordinal) ? "people.csv: keyed by position, as its records were before. id is different in every row: state key: id for the stream, and a row that moves stays the same record." : null,
            files.World.Said.Select(line => line.Text).LastOrDefault());
        Assert.Equal(MissingKey.Row, (await files.Kept("people.csv"))!.Missing);
    }

    [Theory]
    [InlineData("plain.csv", "1 2 plain.csv#1")]
    [InlineData("early.csv", "1 2 early.csv#1")]
    public async Task A_folder_of_the_release_before_keeps_its_keys_under_another_pipeline_whichever_file_is_read_first(string numbered, string keys)
    {
        await using var files = new KeyedFolder();
        files.World.Lanes = 1;
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x");
        files.Write(numbered, "name", "Eve");
        await files.Run();
        await files.ForgetKept();
        await files.World.Kill();
        files.Define(pipeline: "renamed");
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x", "2,Cem,c@x");
        files.Write(numbered, "id,name", "7,Eve");
        await files.Run();
        Assert.Equal(keys, await files.Keys());
    }

    [Fact]
    public async Task Rows_without_an_id_of_the_release_before_keep_their_places()
    {
        await using var files = new KeyedFolder();
        string[] rows = [.. Enumerable.Range(1, 1_000).Select(i => $"{i},P{i},x"), ",Ann,a@x"];
        files.World.BatchRecords = 500;
        files.Write("people.csv", [Head, .. rows]);
        await files.Run();
        var key = Assert.Single((await files.Records()).Keys, key => key.StartsWith("people.csv#~", StringComparison.Ordinal));
        Assert.NotNull(key);

        await using var old = new KeyedFolder();
        old.World.BatchRecords = 500;
        await old.Adopt("people.csv", new FileKey(["id"], false, MissingKey.Row));
        old.Write("people.csv", [Head, .. rows]);
        await old.Run();
        await old.ForgetKept();
        old.Write("people.csv", [Head, .. rows, "1001,New,n@x"]);
        Assert.Equal((1, 1_001, 0), Few(await old.Run()));
        Assert.Contains("people.csv#1001", (await old.Records()).Keys);
    }

    [Fact]
    public async Task A_key_that_a_person_states_counts_is_said_and_stays_when_it_is_no_longer_stated()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x", "3,Cem,c@x");
        await files.Run();
        await files.Erase("2");
        files.Define("mail");
        var counts = await files.Run();
        Assert.Equal((2, 2, 1), (counts.Stored, counts.Deleted, counts.Blocked));
        Assert.Equal("a@x c@x", await files.Keys());
        Assert.Contains(files.World.Said, line => line.Text.StartsWith("people.csv: its records were called by id and are now called by mail", StringComparison.Ordinal));
        files.Define();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x", "3,Cem,c@x", "4,Dora,d@x");
        await files.Run();
        Assert.Equal("a@x c@x d@x", await files.Keys());
    }

    /// <summary>Rows of one stated key are versions of one record, and the last counts.</summary>
    [Fact]
    public async Task Who_states_the_key_that_was_found_changes_no_key_and_the_last_row_counts()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x");
        await files.Run();
        files.Define("id");
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x", "1,Anna,a@x");
        var counts = await files.Run();
        Assert.Equal((1, 2, 0), Few(counts));
        Assert.Contains("Anna", (await files.Records())["1"], StringComparison.Ordinal);
        Assert.DoesNotContain(files.World.Said, line => line.Text.Contains("are now called", StringComparison.Ordinal));
    }

    [Fact]
    public async Task In_a_stream_that_keeps_every_row_a_key_twice_makes_versions()
    {
        await using var files = new KeyedFolder();
        files.Define(rest: "streams: {people: {mode: append}}\n");
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x");
        await files.Run();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x", "1,Anna,a@x");
        Assert.Equal((3, 0, 0), Few(await files.Run()));
        Assert.Equal("1 2", await files.Keys());
    }

    [Fact]
    public async Task Who_states_a_streams_key_is_told_first_what_it_does_to_records_under_another()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", Head, "1,Ann,a@x", "2,Bob,b@x");
        files.Write("plain.csv", "name,mail", "Eve,e@x");
        await files.Run();
        var told = async (string stream) => await KeyChanges.Of(files.World.Log, PipelineWorld.Tenant, PipelineDefinitionReader.Read($"name: crm\nsources: [{{type: files, path: /x}}]\nstreams: {{{stream}}}\n", "crm.yaml", "crm").Definition!, default);
        Assert.Empty(await told("people: {mode: append}"));
        Assert.Empty(await told("other: {key: mail}"));
        Assert.StartsWith("Stream people: records of plain.csv are called by their place in it. With key: id the next run", Assert.Single(await told("people: {key: id}")), StringComparison.Ordinal);
        Assert.StartsWith("Stream people: records of people.csv and 1 more files are called by id. With key: mail the next run", Assert.Single(await told("people: {key: mail}")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_read_by_place_says_so_and_names_a_field_that_would_do()
    {
        await using var files = new KeyedFolder();
        files.Write("deals.csv", "product,deal_number,stage", "pump,D-1,won", "pump,D-2,lost");
        files.Write("notes.csv", "text,kind", "a,x", "a,y", "b,x", "b,x");
        files.Write("people.csv", Head, "1,Ann,a@x");
        await files.Run();
        Assert.Equal(
            ["deals.csv: keyed by position, because no field id, deal_id, deals_id was different in every row. deal_number was: state key: deal_number for the stream, and a row that moves stays the same record.",
             "notes.csv: keyed by position, because no field id, note_id, notes_id was different in every row. A row that moves is another record: state a key for the stream where some fields together tell rows apart."],
            files.World.Said.Select(line => line.Text).Order(StringComparer.Ordinal));
        files.Write("deals.csv", "product,deal_number,stage", "pump,D-1,won", "pump,D-2,lost", "pump,D-3,won");
        files.World.Said.Clear();
        await files.Run();
        Assert.StartsWith("deals.csv: keyed by position", Assert.Single(files.World.Said).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deal_number,stage\nD-1,won\nD-1,won\n", "A row that moves is another record: state a key for the stream where some fields together tell rows apart.")]
    [InlineData("id,deal_number,stage\n1,D-1,won\n2,D-1,lost\n", "id is different in every row: state key: id for the stream, and a row that moves stays the same record.")]
    public async Task What_is_said_of_a_numbered_file_is_what_stands_in_it_now(string after, string said)
    {
        await using var files = new KeyedFolder();
        files.Put("deals.csv", "deal_number,stage\nD-1,won\nD-2,lost\n");
        await files.Run();
        files.World.Said.Clear();
        files.Put("deals.csv", after);
        await files.Run();
        Assert.Equal($"deals.csv: keyed by position, as its records were before. {said}", Assert.Single(files.World.Said).Text);
        Assert.Equal("deals.csv#1 deals.csv#2", await files.Keys());
    }

    [Fact]
    public async Task A_kept_key_of_a_newer_release_is_not_guessed_over()
    {
        await using var files = new KeyedFolder();
        files.Write("people.csv", Head, "1,Ann,a@x");
        await files.Run();
        await files.Adopt("people.csv", new FileKey(["id"], false, MissingKey.Content) { Format = 2 });
        files.Write("people.csv", Head, "1,Ann,a@x", "1,Bob,b@x");
        var row = await files.World.Run();
        Assert.Contains("upgrade", Assert.Single(await files.World.Runs.Unreadable(PipelineWorld.Tenant, row.RunId, 10, default)).Reason, StringComparison.Ordinal);
        Assert.Equal("1", await files.Keys());
    }

    [Fact]
    public void What_is_kept_is_written_so()
    {
        Assert.Equal("""{"fields":["id"],"stated":false,"missing":"Content","v":1}""", new FileKey(["id"], false, MissingKey.Content).ToJson());
        Assert.Equal("""{"fields":[],"stated":false,"missing":"Row","hint":"mail","v":1}""", new FileKey([], false, MissingKey.Row, "mail").ToJson());
        Assert.True(FileKey.Of("""{"fields":["a","b"],"stated":true,"missing":"Row","v":1}""", "f").IsSameAs(new FileKey(["a", "b"], true, MissingKey.Row)));
    }

    private static (long Stored, long Duplicate, long Quarantined) Few(RunCounts counts) => (counts.Stored, counts.Duplicate, counts.Quarantined);
}
