using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Sophia.Knowledge;

/// <summary>Goal: what is cited is exactly what stands in the record, and nothing of it is lost. Method: records of every kind drawn from seeds, compared with themselves.</summary>
public sealed class ChunkerTests
{
    private static readonly ChunkingOptions Options = ChunkingOptions.Default;

    private static WordCounter Counter => new(new WordAnalyzer());

    /// <summary>A turn under the overshoot rule: as far past the target as the piece before it fell short.</summary>
    private const int MostTurnWords = 350;

    public static TheoryData<string> Kinds => ["transcript", "markdown", "text", "entity"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_span_of_a_piece_is_the_text_of_its_field(string kind) => Holds(kind, (record, indexed) =>
    {
        foreach (var chunk in indexed.Chunks)
            foreach (var span in chunk.Spans)
            {
                var field = FieldPath.Text(record, span.Field);
                Assert.True(field is not null, $"no field {span.Field}");
                Assert.Equal(field.Substring(span.Start, span.Length), chunk.Text.Substring(span.TextStart, span.Length));
            }
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_span_parts_a_surrogate_pair_and_none_overlaps_another(string kind) => Holds(kind, (record, indexed) =>
    {
        foreach (var chunk in indexed.Chunks)
        {
            var end = 0;
            foreach (var span in chunk.Spans)
            {
                var field = FieldPath.Text(record, span.Field)!;
                Assert.False(char.IsLowSurrogate(field[span.Start]), $"{span} starts within a character");
                Assert.False(char.IsHighSurrogate(field[span.Start + span.Length - 1]), $"{span} ends within a character");
                Assert.True(span.TextStart >= end, $"{span} overlaps");
                end = span.TextStart + span.Length;
            }
            Assert.True(end <= chunk.Text.Length);
        }
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_visible_character_stands_in_exactly_one_piece(string kind) => Holds(kind, (record, indexed) =>
    {
        var covered = indexed.Chunks.SelectMany(c => c.Spans).Where(s => !s.Field.EndsWith("].speaker", StringComparison.Ordinal)).ToLookup(s => s.Field);
        foreach (var (path, text) in Sought(record, kind))
        {
            var times = new int[text.Length];
            foreach (var span in covered[path])
                for (var i = 0; i < span.Length; i++)
                    times[span.Start + i]++;
            for (var i = 0; i < text.Length; i++)
                Assert.True(times[i] == 1 || (char.IsWhiteSpace(text[i]) && times[i] == 0), $"{path}[{i}] '{text[i]}' stands in {times[i]} pieces");
        }
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pieces_are_bounded_in_words_and_length_and_numbered_from_0(string kind) => Holds(kind, (_, indexed) =>
    {
        Assert.Equal(Enumerable.Range(0, indexed.Chunks.Count), indexed.Chunks.Select(c => c.Ordinal));
        foreach (var chunk in indexed.Chunks)
        {
            var text = chunk.Spans.Where(s => !s.Field.EndsWith("].speaker", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(text);
            var words = text.Sum(s => TextSplitter.CountWords(chunk.Text.AsSpan(s.TextStart, s.Length)));
            var most = chunk.Kind switch { ChunkKind.Turns => MostTurnWords, ChunkKind.Section => Options.SectionMaxWords, _ => Options.SectionMaxWords + 2 * Options.LongValueWords };
            Assert.True(words <= most, $"{words} words in {chunk.Kind}");
            // An entity's text may have its title above and its short values below.
            Assert.True(text.Sum(s => s.Length) <= Options.MaxChunkLength * (chunk.Kind == ChunkKind.Entity ? 2 : 1) + RecordFacts.MaxTitleLength, $"{text.Sum(s => s.Length)} characters");
        }
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_same_record_gives_the_same_pieces(string kind) => Prop.ForAll(Seeds, seed =>
        JsonSerializer.Serialize(Indexed(kind, seed).Indexed) == JsonSerializer.Serialize(Indexed(kind, seed).Indexed)).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    [Fact]
    public void Turns_stay_whole_with_who_speaks_and_when()
    {
        var chunk = Assert.Single(Chunks("""{"kind":"transcript","turns":[{"speaker":"Ann","text":"Shall we start?","start":3725},{"speaker":"Bob","text":"Yes."},{"speaker":"Ann","text":"Good."}]}"""));
        Assert.Equal((ChunkKind.Turns, "Ann: Shall we start?\nBob: Yes.\nAnn: Good.", "1:02:05"), (chunk.Kind, chunk.Text, chunk.Section));
        Assert.Equal(["Ann", "Bob"], chunk.Speakers);
    }

    [Fact]
    public void A_turn_that_would_overshoot_starts_a_piece_of_its_own()
    {
        string Turn(int words) => $$"""{"speaker":"A","text":"{{string.Join(' ', Enumerable.Repeat("word", words))}}"}""";
        var chunks = Chunks($$"""{"kind":"transcript","turns":[{{Turn(150)}},{{Turn(290)}},{{Turn(20)}}]}""");
        Assert.Equal([1, 1, 1], chunks.Select(c => c.Spans.Count(s => s.Field.EndsWith("].text", StringComparison.Ordinal))));
    }

    [Fact]
    public void Sections_carry_their_headings_and_small_ones_stand_together()
    {
        var text = $"# Guide\n\n## Install\n\n{Words(100)}\n\n## Use\n\n### First steps\n\n{Words(20)}\n\n### More\n\n{Words(30)}\n\n## Long\n\n{string.Join("\n\n", Enumerable.Repeat(Words(100), 7))}";
        var chunks = Chunks(JsonSerializer.Serialize(new { kind = "document", format = "markdown", title = "Guide", text }));
        Assert.StartsWith("Install / Use / First steps", chunks[0].Section, StringComparison.Ordinal);
        Assert.Contains("### More", chunks[0].Text, StringComparison.Ordinal);
        Assert.Equal(["Long", "Long", "Long", "Long"], chunks.Skip(1).Select(c => c.Section));
        Assert.All(chunks, c => Assert.Equal(ChunkKind.Section, c.Kind));
    }

    [Fact]
    public void What_stands_in_a_code_block_or_front_matter_is_no_heading()
    {
        var chunk = Assert.Single(Chunks(JsonSerializer.Serialize(new { kind = "document", format = "markdown", text = "---\n# matter: 1\n---\nhello\n```\n# comment\n```\n" })));
        Assert.Null(chunk.Section);
    }

    [Fact]
    public void An_entity_is_lines_of_names_and_values_with_paths_that_lead_back()
    {
        var chunk = Assert.Single(Chunks("""{"name":"Acme","owner":{"full.name":"Ann"},"tags":["a",2,true,null]}"""));
        Assert.Equal("name: Acme\nowner[\"full.name\"]: Ann\ntags[0]: a\ntags[1]: 2\ntags[2]: true", chunk.Text);
    }

    [Theory]
    [InlineData("""{"Id":"7","Full Name":"Ada Lovelace","Company":"Engines"}""", "Ada Lovelace", "Full Name")]
    [InlineData("""{"id":"7","first_name":"Ada","last_name":"Lovelace","company":"Engines"}""", "Ada Lovelace", null)]
    [InlineData("""{"id":"7","AccountName":"Engines Ltd","user_name":"ada"}""", "Engines Ltd", "AccountName")]
    [InlineData("""{"id":"7","file_name":"a.txt","hostname":"b"}""", "the key", null)]
    [InlineData("""{"id":"7","title":"One","name":"Two"}""", "One", "title")]
    [InlineData("""{"id":"7","Subject":"Renewal","name":"Two"}""", "Renewal", "Subject")]
    [InlineData("""{"id":"7","first_name":"Ada","company":"Engines"}""", "Engines", "company")]
    [InlineData("""{"id":"7","issue":{"title":"It burns"}}""", "It burns", "issue.title")]
    public void A_record_is_called_by_the_field_that_reads_like_a_name(string json, string title, string? field) =>
        Assert.Equal((title, field), RecordFacts.Title(JsonDocument.Parse(json).RootElement, "the key"));

    [Fact]
    public void A_joined_path_names_no_heading_twice()
    {
        var text = "# Guide\n\n## Setup\n\n### Linux\n\nUnpack it.\n\n## Use\n\n### Linux\n\nRun it.\n";
        Assert.Equal("Setup / Linux / Use", Assert.Single(DocumentChunker.Chunks(text, markdown: true, "Guide", Options)).Section);
    }

    [Fact]
    public void A_deleted_record_has_no_pieces() =>
        Assert.Empty(RecordChunker.Index(SomeRecords.Entry("", operation: Log.RecordOperation.Delete), Options, Counter).Chunks);

    [Theory]
    [InlineData("[1]")]
    [InlineData("3")]
    public void A_payload_that_is_no_object_is_refused(string json) => Assert.Throws<JsonException>(() => Chunks(json));

    private static string Words(int count) => string.Join(' ', Enumerable.Repeat("word", count));

    private static IReadOnlyList<Chunk> Chunks(string json) => RecordChunker.Index(SomeRecords.Entry(json), Options, Counter).Chunks;

    private static Arbitrary<int> Seeds => Gen.Choose(0, int.MaxValue).ToArbitrary();

    private static void Holds(string kind, Action<JsonElement, IndexedRecord> check) => Prop.ForAll(Seeds, seed =>
    {
        var (json, indexed) = Indexed(kind, seed);
        using var document = JsonDocument.Parse(json);
        check(document.RootElement, indexed);
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(80));

    private static (string Json, IndexedRecord Indexed) Indexed(string kind, int seed)
    {
        var random = new Random(seed);
        var json = kind switch { "transcript" => SomeRecords.Transcript(random), "entity" => SomeRecords.Entity(random), _ => SomeRecords.Document(random, kind == "markdown") };
        return (json, RecordChunker.Index(SomeRecords.Entry(json), Options, Counter));
    }

    private static IEnumerable<(string Path, string Text)> Sought(JsonElement record, string kind)
    {
        if (kind is "markdown" or "text")
            return [("text", record.GetProperty("text").GetString()!)];
        return kind == "entity" ? Leaves(record, "") : record.GetProperty("turns").EnumerateArray().Index().Where(t => t.Item.ValueKind == JsonValueKind.Object)
            .Select(t => (FieldPath.Of(FieldPath.Of("turns", t.Index), "text"), t.Item.GetProperty("text").GetString()!));
    }

    private static IEnumerable<(string, string)> Leaves(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(m => Leaves(m.Value, FieldPath.Of(path, m.Name))),
        JsonValueKind.Array => value.EnumerateArray().Index().SelectMany(e => Leaves(e.Item, FieldPath.Of(path, e.Index))),
        _ => FieldPath.TextOf(value) is { } text && !string.IsNullOrWhiteSpace(text) ? [(path, text)] : [],
    };
}
