using System.Text;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Files that mean something as a whole: JSON, transcripts in their many forms, Markdown, text, captions.</summary>
public sealed class DocumentTests
{
    [Fact]
    public async Task An_array_is_read_element_by_element_and_what_is_no_object_is_held()
    {
        using var folder = new Folder();
        folder.Put("a/deals.json", "[{\"id\":1,\"n\":[1]}, 7, {\"id\":2,\"id\":3},\n {\"id\":4}]");
        var content = await folder.Read("a/deals.json");
        Assert.Equal([("p/a/deals", "1", 1L), ("p/a/deals", "4", 2L)], content.Records.Select(r => (r.Stream, r.Key!, r.Line)));
        Assert.Equal(["object", "json"], content.Bad.Select(b => b.Reason.Rule));
        Assert.Equal([19L, 22L], content.Bad.Select(b => b.Origin.Offset));
    }

    [Fact]
    public async Task An_array_that_breaks_off_gives_what_came_before()
    {
        using var folder = new Folder();
        folder.Put("deals.json", "[{\"id\":1},{\"id\":2},{\"id\":");
        var content = await folder.Read("deals.json");
        Assert.Equal(["1", "2"], content.Records.Select(r => r.Key));
        Assert.Equal((19L, 6L), (Assert.Single(content.Bad).Origin.Offset, content.Bad[0].Origin.Length));
    }

    [Fact]
    public async Task A_large_array_goes_on_after_any_batch()
    {
        using var folder = new Folder();
        folder.Put("deals.json", "[" + string.Join(",\n", Enumerable.Range(0, 100).Select(i => $"{{\"id\":{i}}}")) + "]\n");
        var small = await FilesUnderTest.Read(folder.Path, "deals.json", folder.Options, null, new BatchBudget(7, 1 << 20));
        Assert.Equal(100, small.Records.Count);
        Assert.Equal(new FileInfo(Path.Combine(folder.Path, "deals.json")).Length, small.Batches.Sum(b => b.Bytes));
        for (var cut = 0; cut < small.Batches.Count; cut++)
            Assert.Equal(small.Facts.Skip(small.Batches.Take(cut + 1).Sum(b => b.Records.Count)),
                (await FilesUnderTest.Read(folder.Path, "deals.json", folder.Options, small.Batches[cut].State, BatchBudget.Default)).Facts);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("7")]
    [InlineData("[]")]
    [InlineData("   ")]
    [InlineData("{\"a\":1}{\"a\":2}")]
    public async Task What_is_no_JSON_is_held_whole_with_a_hash(string text)
    {
        using var folder = new Folder();
        folder.Put("x.json", text);
        var content = await folder.Read("x.json");
        Assert.Empty(content.Records);
        Assert.Equal(64, Assert.Single(content.Bad).Origin.HashHex!.Length);
    }

    [Fact]
    public async Task Nesting_without_end_is_held_and_not_followed()
    {
        using var folder = new Folder();
        folder.Put("x.json", new string('[', 1_000_000)).Put("y.json", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)));
        Assert.Single((await folder.Read("x.json")).Bad);
        Assert.Single((await folder.Read("y.json")).Bad);
    }

    [Theory]
    [InlineData("""{"title":"Call","date":"2024-05-01","turns":[{"speaker":"A","text":"hi","start":1.5},{"speaker":"B","text":"ho"}],"notes":{"x":1},"score":3}""")]
    [InlineData("""{"title":"Call","date":"2024-05-01","data":{"segments":[{"speaker_name":"A","speaker":0,"content":"hi","start_time":1.5},{"speaker_name":"B","content":"ho"}],"notes":{"x":1},"score":3}}""")]
    [InlineData("""{"title":"Call","date":"2024-05-01","transcript":[{"speakerId":"A","topic":"t","sentences":[{"start":1.5,"text":"h"},{"text":"i"}]},{"speakerId":"B","sentences":[{"text":"ho"}]}],"notes":{"x":1},"score":3}""")]
    public async Task A_transcript_is_recognised_in_many_forms(string json)
    {
        using var folder = new Folder();
        folder.Put("calls/one.json", json);
        var record = Assert.Single((await folder.Read("calls/one.json")).Records);
        Assert.Equal(("p/transcripts", "calls/one.json"), (record.Stream, record.Key));
        var payload = JsonDocument.Parse(record.Payload).RootElement;
        Assert.Equal(("transcript", "Call", "calls/one.json", "2024-05-01T00:00:00+00:00"),
            (payload.GetProperty("kind").GetString(), payload.GetProperty("title").GetString(), payload.GetProperty("path").GetString(), payload.GetProperty("at").GetString()));
        Assert.Equal([("A", "hi"), ("B", "ho")], payload.GetProperty("turns").EnumerateArray().Select(t => (t.GetProperty("speaker").GetString(), t.GetProperty("text").GetString()!.Replace("h i", "hi"))));
        Assert.Equal(3, payload.GetProperty("metadata").GetProperty("score").GetInt32());
        Assert.Equal("""{"x":1}""", payload.GetProperty("extra").GetProperty("notes").GetRawText());
    }

    [Fact]
    public async Task Several_calls_in_one_file_are_several_transcripts()
    {
        using var folder = new Folder();
        folder.Put("calls.json", """{"callTranscripts":[{"callId":"c1","transcript":[{"speakerId":"1","text":"a"},{"speakerId":"2","text":"b"}]},{"callId":"c2","transcript":[{"speakerId":"1","text":"c"},{"speakerId":"2","text":"d"}]}]}""");
        Assert.Equal(["calls.json#c1", "calls.json#c2"], (await folder.Read("calls.json")).Records.Select(r => r.Key));
    }

    [Theory]
    [InlineData("contacts.json", """[{"name":"Ann","content":"x"},{"name":"Bob","content":"y"}]""", "p/contacts,p/contacts")]
    [InlineData("hooks/one.json", """{"commits":[{"message":"a","author":{"name":"b"}},{"message":"c","author":{"name":"d"}}]}""", "p/hooks")]
    public async Task A_table_of_names_is_no_transcript(string name, string json, string streams)
    {
        using var folder = new Folder();
        folder.Put(name, json);
        Assert.Equal(streams.Split(','), (await folder.Read(name)).Records.Select(r => r.Stream));
    }

    [Fact]
    public async Task Markdown_keeps_its_text_and_reads_its_front_matter()
    {
        using var folder = new Folder();
        folder.Put("a/b.md", "---\ntitle: Über uns\ntags: [x, 'y']\nn: 7\nok: true\nnested:\n  a: ~\n---\n# Heading\n\nText é\n").Put("plain.md", "intro\n\n## Second ##\ntext").Put("setext.md", "Title\n=====\ntext");
        var payload = JsonDocument.Parse((await folder.Read("a/b.md")).Records[0].Payload).RootElement;
        Assert.Equal(("document", "markdown", "Über uns", "a/b.md", "# Heading\n\nText é\n"),
            (payload.GetProperty("kind").GetString(), payload.GetProperty("format").GetString(), payload.GetProperty("title").GetString(), payload.GetProperty("path").GetString(), payload.GetProperty("text").GetString()));
        Assert.Equal("""{"title":"Über uns","tags":["x","y"],"n":7,"ok":true,"nested":{"a":null}}""", payload.GetProperty("front").GetRawText());
        Assert.Equal("Second", JsonDocument.Parse((await folder.Read("plain.md")).Records[0].Payload).RootElement.GetProperty("title").GetString());
        Assert.Equal("Title", JsonDocument.Parse((await folder.Read("setext.md")).Records[0].Payload).RootElement.GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("a: &a [x]\nb: *a")]
    [InlineData("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]")]
    [InlineData("a: [[[[[[[[[[1]]]]]]]]]]")]
    [InlineData("just text")]
    [InlineData("a: 1\na: 2")]
    [InlineData("a: [")]
    [InlineData("{a: 1}: b")]
    public async Task Front_matter_that_is_no_plain_mapping_stays_text(string yaml)
    {
        using var folder = new Folder();
        folder.Put("x.md", $"---\n{yaml}\n---\nbody");
        var payload = JsonDocument.Parse((await folder.Read("x.md")).Records[0].Payload).RootElement;
        Assert.Equal("{}", payload.GetProperty("front").GetRawText());
        Assert.Equal($"---\n{yaml}\n---\nbody", payload.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Lines_of_speakers_are_a_transcript_and_lines_of_settings_are_not()
    {
        using var folder = new Folder();
        folder.Put("call.txt", "Ann: Hello there.\nBob Smith: Hi.\n  and more\n[00:12] Ann: Fine?\nBob Smith (00:15): Yes: fine.\n").Put("settings.txt", "host: a\nport: b\nuser: c\npass: d\n");
        var turns = JsonDocument.Parse((await folder.Read("call.txt")).Records[0].Payload).RootElement.GetProperty("turns").EnumerateArray().ToList();
        Assert.Equal([("Ann", "Hello there."), ("Bob Smith", "Hi.\nand more"), ("Ann", "Fine?"), ("Bob Smith", "Yes: fine.")], turns.Select(t => (t.GetProperty("speaker").GetString(), t.GetProperty("text").GetString())));
        Assert.Equal("00:12", turns[2].GetProperty("start").GetString());
        Assert.Equal("p/documents", (await folder.Read("settings.txt")).Records[0].Stream);
    }

    [Theory]
    [InlineData("c.vtt", "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n<v Ann>Hello <i>you</i></v>\n\n00:03.500 --> 00:04.000\nBob: Hi\nthere\n")]
    [InlineData("c.srt", "1\n00:00:01,000 --> 00:00:02,000\nAnn: Hello you\n\n2\n00:00:03,500 --> 00:00:04,000\nBob: Hi\nthere\n")]
    public async Task Captions_are_turns(string name, string text)
    {
        using var folder = new Folder();
        folder.Put(name, text);
        var turns = JsonDocument.Parse((await folder.Read(name)).Records[0].Payload).RootElement.GetProperty("turns").EnumerateArray();
        Assert.Equal([("Ann", "Hello you"), ("Bob", "Hi there")], turns.Select(t => (t.GetProperty("speaker").GetString(), t.GetProperty("text").GetString())));
    }

    [Fact]
    public async Task A_document_of_another_encoding_or_too_large_is_held_whole()
    {
        using var folder = new Folder();
        folder.Put("latin.txt", [.. "caf"u8, 0xE9]).Put("large.md", new string('x', 2_000)).Put("utf16.txt", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("héllo")]).Put("blank.md", " \n\n ");
        Assert.Contains("offset 3", Assert.Single((await folder.Read("latin.txt")).Bad).Reason.Hint);
        Assert.Equal("café", JsonDocument.Parse((await folder.Read("latin.txt", ("encoding", "windows-1252"))).Records[0].Payload).RootElement.GetProperty("text").GetString());
        var large = Assert.Single((await folder.Read("large.md", ("maxDocumentBytes", "1000"))).Bad);
        Assert.Equal(("size", 2_000L), (large.Reason.Rule, large.Origin.Length));
        Assert.Equal("héllo", JsonDocument.Parse((await folder.Read("utf16.txt")).Records[0].Payload).RootElement.GetProperty("text").GetString());
        Assert.Equal("text", Assert.Single((await folder.Read("blank.md")).Bad).Reason.Rule);
    }
}
