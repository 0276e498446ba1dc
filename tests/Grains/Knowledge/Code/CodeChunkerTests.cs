namespace Sophia.Knowledge;

/// <summary>Goal: chunks of code are named, placed and packed as docs/adr/0022 says, whatever the code. Method: small files, and broken ones.</summary>
public sealed class CodeChunkerTests
{
    private static readonly ChunkingOptions Options = ChunkingOptions.Default;

    [Fact]
    public void A_section_names_the_function_and_its_lines()
    {
        var body = string.Concat(Enumerable.Range(0, 40).Select(i => $"        Call(a, b, c, {i});\n"));
        var chunks = Cut($"using System;\n\nnamespace N;\n\nclass T\n{{\n    int field;\n\n    /// <summary>First.</summary>\n    void First(int a)\n    {{\n{body}    }}\n\n    void Second<X>(string b)\n    {{\n{body}    }}\n}}\n", "csharp");
        Assert.Equal(["a/b.cs:1-52 · N.T.First(int)", "a/b.cs:54-97 · N.T.Second<X>(string)"], chunks.Select(chunk => chunk.Section));
        Assert.All(chunks, chunk => Assert.Equal(ChunkKind.Function, chunk.Kind));
    }

    [Fact]
    public void A_function_longer_than_a_chunk_is_cut_between_statements_and_stands_alone()
    {
        var body = string.Concat(Enumerable.Range(0, 600).Select(i => $"        Call(number: {i});\n"));
        var chunks = Cut($"class T\n{{\n    void Before() {{ }}\n\n    void Long()\n    {{\n{body}    }}\n\n    void After() {{ }}\n}}\n", "csharp");
        var pieces = chunks.Where(chunk => chunk.Section!.EndsWith(" · T.Long()", StringComparison.Ordinal)).ToList();
        Assert.True(pieces.Count > 1);
        Assert.All(pieces, piece => Assert.DoesNotContain("Before", piece.Text));
        Assert.All(pieces, piece => Assert.DoesNotContain("After", piece.Text));
        Assert.All(pieces, piece => Assert.True(piece.Text[^1] is ';' or '}', piece.Text[^20..]));
    }

    [Theory]
    [InlineData("csharp", "class A { void B( { if } ] ) => \"")]
    [InlineData("python", "def f(:\n  \"\"\"open\n class )(\n\tx = f'{")]
    [InlineData("typescript", "class A { b() { return `${`; } ) ] /[/ ")]
    [InlineData("rust", "fn f<'a>(x: &'a str) { r#\"open")]
    [InlineData("php", "<?php function f() { $a = <<<X\nopen")]
    [InlineData("cpp", "#define X {\nint f() { return R\"(open")]
    [InlineData("sql", "SELECT 1;\n\nSELECT '")]
    [InlineData(null, "\uFEFFx\ud83d\ude42")]
    public void Broken_code_is_cut_and_nothing_of_it_lost(string? language, string text) => AllThere(text, Cut(text, language));

    [Theory]
    [InlineData("csharp")]
    [InlineData("python")]
    [InlineData("typescript")]
    [InlineData("rust")]
    [InlineData("sql")]
    public void Endless_nesting_is_cut_and_nothing_of_it_lost(string language)
    {
        foreach (var text in (string[])[new string('{', 100_000), string.Concat(Enumerable.Repeat("{\n", 50_000)) + string.Concat(Enumerable.Repeat("}\n", 50_000)), string.Concat(Enumerable.Repeat("class A {\n", 2_000)), string.Concat(Enumerable.Repeat("f'{", 30_000))])
            AllThere(text, Cut(text, language));
    }

    [Theory]
    [InlineData("csharp")]
    [InlineData("python")]
    [InlineData("typescript")]
    [InlineData("java")]
    [InlineData("kotlin")]
    [InlineData("go")]
    [InlineData("rust")]
    [InlineData("cpp")]
    [InlineData("php")]
    public void A_jumble_of_tokens_is_cut_and_nothing_of_it_lost(string language)
    {
        string[] tokens = ["{", "}", "(", ")", "[", "]", "<", ">", "=", "=>", ";", ",", ":", "::", ".", "?", "~", "#", "\"", "'", "`", "$\"", "$\"{", "@\"", "$$\"\"\"", "${", "\\", "//", "/*", "*/", "\n", "\r", " ",
            "\n#if A\n", "\n#else\n", "\n#endif\n", "class A ", "namespace N", "void F", "operator ", "this", "delegate ", "record ", "extension", "event ", "using ", "def f():", "f'{", "r#\"", "R\"(", "<<<a", "\uFEFF", "\ud83d"];
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => tokens[random.Next(tokens.Length)]));
            AllThere(text, Cut(text, language));
        }
    }

    /// <summary>Each of these made a scanner or a parser start over at every fragment, or go down without end, or might.</summary>
    [Theory]
    [InlineData("python", "", "f'{")]
    [InlineData("python", "f\"\"\"", "{")]
    [InlineData("python", "f\"\"\"", "{a:")]
    [InlineData("python", "f'''", "{f\"{'")]
    [InlineData("python", "", "f\"\"\"{f'''{")]
    [InlineData("typescript", "x = ", "/[")]
    [InlineData("typescript", "", "`${")]
    [InlineData("php", "<?php ", "\\\"")]
    [InlineData("php", "<?php ", "'\\")]
    [InlineData("php", "<?php ", "<<<a ")]
    [InlineData("rust", "", "r#\"")]
    [InlineData("rust", "", "/*'")]
    [InlineData("cpp", "", "R\"(")]
    [InlineData("csharp", "", "$\"{")]
    [InlineData("csharp", "", "$@\"{")]
    [InlineData("csharp", "", "$$\"\"\"{{")]
    [InlineData("csharp", "", "\"\"\"")]
    [InlineData("csharp", "", "@\"")]
    [InlineData("csharp", "", "$")]
    [InlineData("csharp", "", "@$")]
    [InlineData("csharp", "", "A<")]
    [InlineData("csharp", "", "A<(")]
    [InlineData("csharp", "", "a<b")]
    [InlineData("csharp", "", "(a,")]
    [InlineData("csharp", "", "from a in ")]
    [InlineData("csharp", "", "-(")]
    [InlineData("csharp", "", "a?b:")]
    [InlineData("csharp", "", "a is not ")]
    [InlineData("csharp", "", "#if ((((")]
    [InlineData("csharp", "", "#if (\n")]
    [InlineData("csharp", "", "#else\n")]
    [InlineData("csharp", "", "/*")]
    [InlineData("csharp", "", "'")]
    [InlineData("csharp", "", "'\\")]
    [InlineData("csharp", "", "\"\\")]
    [InlineData("csharp", "", "$\"{a:")]
    [InlineData("csharp", "", "[A(")]
    [InlineData("csharp", "", "class A {")]
    [InlineData("csharp", "", "class A {\n")]
    [InlineData("csharp", "", "class A { void F() {\n")]
    [InlineData("csharp", "", "void F(")]
    [InlineData("csharp", "", "=>")]
    [InlineData("csharp", "", "operator ")]
    [InlineData("csharp", "", "delegate ")]
    [InlineData("csharp", "", "event A ")]
    [InlineData("csharp", "", "int A { get => 1; ")]
    [InlineData("csharp", "", "namespace N;\n")]
    [InlineData("csharp", "", "void F<")]
    [InlineData("csharp", "", "(int, int) ")]
    [InlineData("csharp", "", "where T : ")]
    [InlineData("csharp", "", "$\"{\"")]
    [InlineData("csharp", "", "a.b::")]
    [InlineData("csharp", "", "{")]
    [InlineData("csharp", "", "a => ")]
    [InlineData("csharp", "", "new[] { ")]
    [InlineData("csharp", "#if A\n{\n#endif\n", "#elif (\n")]
    [InlineData("csharp", "class A {\n", "int A { get => 1; }\n")]
    [InlineData("csharp", "class A { void F(", "int<a, [B] c = \"d\",")]
    [InlineData("csharp", "_ = $\"{a", ": ")]
    [InlineData("typescript", "", "'\\")]
    [InlineData("typescript", "", "\"\\")]
    [InlineData("typescript", "", "{")]
    [InlineData("typescript", "", "x=>")]
    [InlineData("typescript", "", "class A {")]
    [InlineData("java", "", "'\\")]
    [InlineData("java", "", "@A ")]
    [InlineData("java", "", "\"\"\"")]
    [InlineData("go", "", "`")]
    [InlineData("go", "", "func(")]
    [InlineData("cpp", "", "template<")]
    [InlineData("cpp", "", "template<> ")]
    [InlineData("cpp", "", "#\\\n")]
    [InlineData("cpp", "", "1'")]
    [InlineData("cpp", "", "namespace {")]
    [InlineData("rust", "", "r#")]
    [InlineData("rust", "", "pub(")]
    [InlineData("php", "<?php ", "#")]
    [InlineData("swift", "", "\"\"\"")]
    [InlineData("kotlin", "", "'\\")]
    [InlineData("python", "", "(\\")]
    [InlineData("python", "", "class A:\n ")]
    [InlineData("sql", "", " \n")]
    public void Rubbish_takes_no_longer_than_its_length_allows(string language, string before, string fragment)
    {
        var text = before + string.Concat(Enumerable.Repeat(fragment, 300_000 / fragment.Length));
        AllThere(text, Cut(text, language));
        AllThere(text + "\n", Cut(text + "\n", language));
        var paired = string.Concat(text.Reverse().Select(c => c switch { '(' => ')', '[' => ']', '{' => '}', _ => ' ' }));
        AllThere(text + paired, Cut(text + paired, language));
    }

    [Theory]
    [InlineData("IsStaleEpoch", "Is Stale Epoch")]
    [InlineData("HTTPServer2Go", "HTTP Server2 Go")]
    [InlineData("stale_epoch", "staleepoch")]
    [InlineData("_log.readAll_rows", "read All readAllrows")]
    [InlineData("plain Words here", "")]
    public void A_name_is_taken_apart(string name, string beside) => Assert.Equal(beside, Identifiers.Beside(name));

    [Fact]
    public void A_highlight_marks_the_part_of_a_name()
    {
        var analyzer = new WordAnalyzer();
        var highlighter = new Highlighter(AnalyzedQuery.Of("stale epochs", analyzer, new RankingOptions()), analyzer);
        var chunk = Assert.Single(Cut("bool IsStaleEpoch(int x) => stale;", "csharp"));
        Assert.Equal(["Stale", "Epoch", "stale"], highlighter.Spans(chunk).Select(span => chunk.Text.Substring(span.Start, span.Length)));
    }

    private static List<Chunk> Cut(string text, string? language) => CodeChunker.Chunks(text, language, "a/b.cs", Options);

    private static void AllThere(string text, List<Chunk> chunks)
    {
        Assert.Equal(string.Concat(text.Where(c => !char.IsWhiteSpace(c))), string.Concat(chunks.SelectMany(chunk => chunk.Text).Where(c => !char.IsWhiteSpace(c))));
        Assert.All(chunks, chunk => Assert.Equal(chunk.Text, text.Substring(chunk.Spans[0].Start, chunk.Spans[0].Length)));
        Assert.All(chunks, chunk => Assert.True(chunk.Text.Length <= Options.MaxChunkLength));
    }
}
