using System.Text;

namespace Sophia.Pipelines;

/// <summary>Tables and JSON lines: hostile files, any size of block, resumption after any batch, and no byte unaccounted for.</summary>
public sealed class RowReaderTests
{
    private static readonly string[] CsvPieces =
        ["a", "b,c", "\"q\"", "\"x,\ny\"", "\"dou\"\"ble\"", "\n", "\r\n", ",", "\"", "é€😀", "1,2,3", "\"open\n", "\"a\"b", " ", ";", "\r"];

    private static readonly string[] JsonPieces =
        ["{\"id\":1}", "\n", "\r\n", "{\"id\":\"é€😀\",\"n\":{\"a\":[1,2]}}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[1]", "{", "  ", "null", "{\"long\":\"" + "x" + "\"}", "{} {}", "\0", "{\"id\":2}\n{\"id\":3}\n"];

    public static TheoryData<string, int> Seeds()
    {
        var data = new TheoryData<string, int>();
        for (var seed = 0; seed < 60; seed++)
        {
            data.Add("f.csv", seed);
            data.Add("f.jsonl", seed);
        }
        return data;
    }

    /// <summary>Blocks of 16 bytes to 64 KB give the same records, pieces, places and lines; so does going on after each batch; and the bytes add up.</summary>
    [Theory]
    [InlineData("rows.csv", "name,amount\nx,1\nx,1\n")]
    [InlineData("rows.jsonl", "{\"name\":\"x\",\"amount\":1}\n{\"name\":\"x\",\"amount\":1}\n")]
    [InlineData("rows.json", "[{\"name\":\"x\",\"amount\":1},{\"name\":\"x\",\"amount\":1}]")]
    public async Task Rows_of_a_stream_whose_definition_names_them_are_given_no_name_of_their_own(string name, string text)
    {
        using var folder = new Folder().Put(name, text);
        foreach (var isPlanned in (bool[])[true, false])
        {
            var source = FilesUnderTest.Source(folder.Path) with { HasKey = _ => isPlanned };
            await using var reader = await FilesUnderTest.Kind(folder.Options).Open(source, (await folder.Partitions()).Single(), null, default);
            var records = (await reader.Read(BatchBudget.Default, default))!.Records;
            Assert.Equal(2, records.Count);
            Assert.All(records, record => Assert.Equal(isPlanned, record.Key is null));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Any_block_size_and_any_resumption_give_the_same(string name, int seed)
    {
        var random = new Random(seed);
        var pieces = name.EndsWith("csv", StringComparison.Ordinal) ? CsvPieces : JsonPieces;
        var text = new StringBuilder(name.EndsWith("csv", StringComparison.Ordinal) ? "h1,h2\n" : "");
        for (var i = 0; i < 60; i++)
            text.Append(pieces[random.Next(pieces.Length)]);
        using var folder = new Folder();
        folder.Put(name, text.ToString().Replace("\0", ""));
        (string, string)[] settings = [("maxLineBytes", "64")];
        folder.Options.BlockBytes = 64 * 1024;
        var whole = await folder.Read(name, settings);
        foreach (var block in new[] { 16, 17, 31, 100 })
        {
            folder.Options.BlockBytes = block;
            Assert.Equal(whole.Facts, (await folder.Read(name, settings)).Facts);
        }
        Assert.Equal(new FileInfo(Path.Combine(folder.Path, name)).Length, whole.Batches.Sum(b => b.Bytes));

        var small = await FilesUnderTest.Read(folder.Path, name, folder.Options, null, new BatchBudget(3, 1 << 20), settings);
        Assert.Equal(whole.Facts, small.Facts);
        for (var cut = 0; cut < small.Batches.Count; cut++)
        {
            var rest = await FilesUnderTest.Read(folder.Path, name, folder.Options, small.Batches[cut].State, new BatchBudget(5, 1 << 20), settings);
            var before = new FileContent([.. small.Batches.Take(cut + 1).SelectMany(b => b.Records)], [.. small.Batches.Take(cut + 1).SelectMany(b => b.Bad)], []);
            Assert.Equal(whole.Facts, before.Facts.Concat(rest.Facts));
        }
    }

    [Theory]
    [InlineData("audit.csv", "p/audit")]
    [InlineData("chat/deals.csv", "p/chat/deals")]
    [InlineData("chat/one.json", "p/chat")]
    public async Task A_stream_without_a_name_is_the_pipelines_own(string name, string stream)
    {
        using var folder = new Folder();
        folder.Put(name, name.EndsWith("csv", StringComparison.Ordinal) ? "id\n1\n" : "{\"id\":1}");
        Assert.Equal(stream, Assert.Single((await folder.Read(name)).Records).Stream);
    }

    /// <summary>What is no record, bad piece, header or blank does not exist: the gaps between them hold nothing but line ends and blanks.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Every_byte_is_part_of_a_record_a_bad_piece_or_a_blank(string name, int seed)
    {
        var random = new Random(1_000 + seed);
        var csv = name.EndsWith("csv", StringComparison.Ordinal);
        var pieces = csv ? CsvPieces : JsonPieces;
        var text = csv ? "h1,h2\n" : "";
        for (var i = 0; i < 80; i++)
            text += pieces[random.Next(pieces.Length)].Replace("\0", "");
        using var folder = new Folder();
        folder.Put(name, text);
        var bytes = Encoding.UTF8.GetBytes(text);
        var content = await folder.Read(name);
        var covered = new bool[bytes.Length];
        foreach (var (offset, length) in content.Records.Select(r => (r.Offset, (long)r.Length)).Concat(content.Bad.Select(b => (b.Origin.Offset, b.Origin.Length))))
            for (var i = offset; i < offset + length; i++)
            {
                Assert.False(covered[i], $"byte {i} twice");
                covered[i] = true;
            }
        for (var i = csv ? 6 : 0; i < bytes.Length; i++)
            Assert.True(covered[i] || bytes[i] is (byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'\t', $"byte {i} of {text}");
    }

    [Fact]
    public async Task A_table_becomes_objects_of_texts_with_null_for_an_empty_cell()
    {
        using var folder = new Folder();
        folder.Put("a/deals.csv", "\uFEFFid,name,,name\n1,\"Smith, \"\"J\"\"\",x,\n2,\"two\nlines\",\\,é\n");
        var content = await folder.Read("a/deals.csv");
        Assert.Equal(["""{"id":"1","name":"Smith, \"J\"","column_3":"x","name_2":null}""", """{"id":"2","name":"two\nlines","column_3":"\\","name_2":"é"}"""], content.Texts);
        Assert.Equal([("p/a/deals", "1", 2L), ("p/a/deals", "2", 3L)], content.Records.Select(r => (r.Stream, r.Key!, r.Line)));
    }

    [Theory]
    [InlineData("a;b\n1;2\n3;4\n")]
    [InlineData("a\tb\n1\t2\n3\t4\n")]
    [InlineData("a|b\n1|2\n3|4\n")]
    [InlineData("a,b\r\n1,2\r\n3,4")]
    [InlineData("a,b\r1,2\r3,4\r")]
    public async Task The_delimiter_and_the_line_ends_are_found(string text)
    {
        using var folder = new Folder();
        folder.Put("f.csv", text);
        Assert.Equal(["""{"a":"1","b":"2"}""", """{"a":"3","b":"4"}"""], (await folder.Read("f.csv")).Texts);
    }

    [Fact]
    public async Task A_ragged_row_and_an_unclosed_quote_are_held_and_the_rest_is_read()
    {
        using var folder = new Folder();
        folder.Put("f.csv", "a,b\n1,2,3\n4\n5,\"open\n6,7\n");
        var content = await folder.Read("f.csv");
        Assert.Equal(["""{"a":"6","b":"7"}"""], content.Texts);
        Assert.Equal([(4L, 2L, "columns"), (10L, 3L, "columns"), (12L, 4L, "csv")], content.Bad.Select(b => (b.Origin.Offset, b.Origin.Line, b.Reason.Rule)));
    }

    [Theory]
    [InlineData("people.csv", "id,x\n1,a\n2,b\n", "1,2")]
    [InlineData("people.csv", "id,x\n1,a\n1,b\n", "people.csv#1,people.csv#2")]
    [InlineData("companies.csv", "x,company_id\na,7\nb,8\n", "7,8")]
    [InlineData("deals.csv", "x,deals_id\na,7\nb,8\n", "7,8")]
    [InlineData("deals.csv", "id,x\n,a\n2,b\n", "deals.csv#1,deals.csv#2")]
    [InlineData("deals.jsonl", "{\"id\":\"a\"}\n{\"id\":2}\n", "a,2")]
    [InlineData("deals.jsonl", "{\"id\":\"a\"}\n{}\n", "deals.jsonl#1,deals.jsonl#2")]
    [InlineData("deals.json", "[{\"deal_id\":5},{\"deal_id\":6}]", "5,6")]
    public async Task The_key_is_a_field_that_is_called_so_and_tells_records_apart(string name, string text, string keys)
    {
        using var folder = new Folder();
        folder.Put(name, text);
        Assert.Equal(keys.Split(','), (await folder.Read(name)).Records.Select(r => r.Key));
    }

    [Fact]
    public async Task A_key_that_the_source_names_is_joined()
    {
        using var folder = new Folder();
        folder.Put("f.csv", "a,b,c\n1,2,3\n,5,6\n");
        Assert.Equal(["3/1", "f.csv#~063e6d7f2f18cd277ce5492c23a87244"], (await folder.Read("f.csv", ("key", "c, a"))).Records.Select(r => r.Key));
    }

    [Theory]
    [InlineData("", "data.csv", "data.tsv")]
    [InlineData("orders", "jan/x.csv", "feb/x.csv")]
    public async Task Records_without_a_key_of_two_files_in_one_stream_stay_apart(string stream, string one, string other)
    {
        using var folder = new Folder();
        folder.Put(one, "name\nAnn\n").Put(other, "name\nBob\n");
        (string, string)[] settings = stream.Length > 0 ? [("stream", stream)] : [];
        var (first, second) = ((await folder.Read(one, settings)).Records[0], (await folder.Read(other, settings)).Records[0]);
        Assert.Equal(first.Stream, second.Stream);
        Assert.NotEqual(first.Key, second.Key);
    }

    [Theory]
    [InlineData("f.csv", "a,b\nx/y,z\nx,y/z\n\"x\\\",\"/y\"\n")]
    [InlineData("f.jsonl", "{\"a\":\"x/y\",\"b\":\"z\"}\n{\"a\":\"x\",\"b\":\"y/z\"}\n{\"a\":\"x\\\\\",\"b\":\"/y\"}\n")]
    public async Task A_slash_in_a_value_makes_no_two_keys_the_same(string name, string text)
    {
        using var folder = new Folder();
        folder.Put(name, text);
        Assert.Equal([@"x\/y/z", @"x/y\/z", @"x\\/\/y"], (await folder.Read(name, ("key", "a, b"))).Records.Select(r => r.Key));
    }

    [Theory]
    [InlineData(true, "f.csv")]
    [InlineData(false, "f.csv")]
    [InlineData(true, "f.jsonl")]
    [InlineData(false, "f.jsonl")]
    public async Task Utf16_reads_like_utf8_and_goes_on_anywhere(bool bigEndian, string name)
    {
        var text = name == "f.csv" ? "id,x\n" + string.Concat(Enumerable.Range(0, 50).Select(i => $"{i},é€😀{i}\n")) : string.Concat(Enumerable.Range(0, 50).Select(i => $"{{\"id\":{i},\"x\":\"é€😀\"}}\n"));
        using var folder = new Folder();
        folder.Options.BlockBytes = 16;
        folder.Put("u8/" + name, text).Put("u16/" + name, [.. (bigEndian ? Encoding.BigEndianUnicode : Encoding.Unicode).GetPreamble(), .. (bigEndian ? Encoding.BigEndianUnicode : Encoding.Unicode).GetBytes(text)]);
        var wanted = await folder.Read("u8/" + name);
        var root = Path.Combine(folder.Path, "u16");
        var small = await FilesUnderTest.Read(root, name, folder.Options, null, new BatchBudget(7, 1 << 20));
        Assert.Equal(wanted.Texts, small.Texts);
        Assert.Equal(new FileInfo(Path.Combine(root, name)).Length, small.Batches.Sum(b => b.Bytes));
        var rest = await FilesUnderTest.Read(root, name, folder.Options, small.Batches[2].State, BatchBudget.Default);
        Assert.Equal(wanted.Texts.Skip(21), rest.Texts);
        Assert.Equal(small.Records.Skip(21).Select(r => (r.Offset, r.Length, r.Line)), rest.Records.Select(r => (r.Offset, r.Length, r.Line)));
    }

    [Fact]
    public async Task A_row_of_another_encoding_is_held_with_the_offset_or_read_where_the_source_says_so()
    {
        using var folder = new Folder();
        folder.Put("f.csv", [.. "a\nplain\ncaf"u8, 0xE9, 0x80, .. "\nlast\n"u8]);
        var strict = await folder.Read("f.csv");
        Assert.Equal(["""{"a":"plain"}""", """{"a":"last"}"""], strict.Texts);
        Assert.Contains("offset 11", Assert.Single(strict.Bad).Reason.Hint);
        Assert.Equal(["""{"a":"plain"}""", """{"a":"café€"}""", """{"a":"last"}"""], (await folder.Read("f.csv", ("encoding", "windows-1252"))).Texts);
    }

    [Fact]
    public async Task An_object_of_very_many_names_is_checked_without_a_square()
    {
        using var folder = new Folder();
        var names = string.Join(',', Enumerable.Range(0, 200_000).Select(i => $"\"n{i}\":1"));
        folder.Put("f.jsonl", $"{{{names}}}\n{{{names},\"n77\":2}}\n");
        var content = await folder.Read("f.jsonl");
        Assert.Single(content.Records);
        Assert.Contains("\"n77\" stands twice", Assert.Single(content.Bad).Reason.Hint);
    }

    [Fact]
    public async Task A_changed_file_is_read_from_its_start_whatever_the_state_says()
    {
        using var folder = new Folder();
        folder.Put("f.jsonl", "{\"a\":1}\n{\"a\":2}\n");
        var state = new ReaderState(ReaderState.CurrentVersion, "another fingerprint", 8, 1, 1).ToString();
        Assert.Equal(2, (await FilesUnderTest.Read(folder.Path, "f.jsonl", folder.Options, state, BatchBudget.Default)).Records.Count);
        Assert.Equal(2, (await FilesUnderTest.Read(folder.Path, "f.jsonl", folder.Options, "no state at all", BatchBudget.Default)).Records.Count);
    }

    [Fact]
    public async Task Half_a_character_in_utf16_is_held_with_its_row_and_so_is_an_odd_last_byte()
    {
        using var folder = new Folder();
        folder.Put("f.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("a\none\n"), 0x3D, 0xD8, .. Encoding.Unicode.GetBytes("\ntwo\n"), 0x41]);
        var content = await folder.Read("f.csv");
        Assert.Equal(["""{"a":"one"}""", """{"a":"two"}"""], content.Texts);
        Assert.Equal([(14L, "encoding"), (26L, "encoding")], content.Bad.Select(b => (b.Origin.Offset, b.Reason.Rule)));
    }

    [Theory]
    [InlineData("\n1,2\n")]
    [InlineData("\"never closed\n1,2\n3,4\n")]
    public async Task A_table_without_a_header_that_can_be_read_is_held_whole(string text)
    {
        using var folder = new Folder();
        folder.Put("f.csv", text);
        var content = await folder.Read("f.csv");
        Assert.Empty(content.Records);
        Assert.Equal(("header", 0L, (long)text.Length), (Assert.Single(content.Bad).Reason.Rule, content.Bad[0].Origin.Offset, content.Bad[0].Origin.Length));
        Assert.Empty((await FilesUnderTest.Read(folder.Path, "f.csv", folder.Options, content.Batches[0].State, BatchBudget.Default)).Batches);
    }
}
