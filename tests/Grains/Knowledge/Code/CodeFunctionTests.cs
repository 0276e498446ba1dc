using Xunit.Abstractions;

namespace Sophia.Knowledge;

/// <summary>Goal: each function of real sources lies in exactly one chunk. Method: places of functions by parsers that share nothing with ours, compared with our chunks' spans.</summary>
public sealed class CodeFunctionTests(ITestOutputHelper output)
{
    /// <summary>Files of one corpus at most, so that the test stays a matter of seconds.</summary>
    private const int MaxFiles = 1_500;

    private static readonly ChunkingOptions Options = ChunkingOptions.Default;

    [Fact]
    public void Every_function_of_our_own_CSharp_lies_in_exactly_one_chunk()
    {
        foreach (var assembly in Directory.GetFiles(AppContext.BaseDirectory, "Sophia.*.dll").Order(StringComparer.Ordinal).Where(path => File.Exists(Path.ChangeExtension(path, ".pdb"))))
            Holds(Path.GetFileNameWithoutExtension(assembly), "csharp", IndependentParsers.CSharp(assembly), least: 1);
    }

    [Fact]
    public void Every_function_that_the_parser_of_CSharp_sees_in_our_sources_lies_in_exactly_one_chunk_and_is_named()
    {
        var files = IndependentParsers.Roslyn(new[] { "src", "tests", "bench" }.SelectMany(folder => Sources(Path.Combine(IndependentParsers.Root, folder), ".cs")));
        Holds("our sources", "csharp", files, least: 10_000, refused: 0);
        Named(files);
    }

    [Fact]
    public void Every_function_of_awkward_CSharp_lies_in_exactly_one_chunk_and_is_named()
    {
        var files = IndependentParsers.Roslyn([Path.Combine(IndependentParsers.Folder, "samples", "awkward.cs.txt")]);
        Holds("awkward C#", "csharp", files, least: 34, refused: 0);
        Named(files);
    }

    [ToolFact("python3")]
    public async Task Every_function_of_Pythons_standard_library_lies_in_exactly_one_chunk()
    {
        var (_, library) = await Tool.Run("python3", ["-c", "import sysconfig; print(sysconfig.get_paths()['stdlib'])"]);
        Holds("Python's standard library", "python", await IndependentParsers.Python(Sources(library.Trim(), ".py")), least: 100);
    }

    [ToolFact("python3")]
    public async Task Every_function_of_awkward_Python_lies_in_exactly_one_chunk() =>
        Holds("awkward Python", "python", await IndependentParsers.Python(Sources(Path.Combine(IndependentParsers.Folder, "samples"), ".py")), least: 8, refused: 0);

    [TypeScriptFact]
    public async Task Every_function_of_awkward_TypeScript_lies_in_exactly_one_chunk() =>
        Holds("awkward TypeScript", "typescript", await IndependentParsers.TypeScript(Sources(Path.Combine(IndependentParsers.Folder, "samples"), ".ts", ".tsx")), least: 24, refused: 0);

    [TypeScriptFact]
    public async Task Every_function_of_installed_TypeScript_and_JavaScript_lies_in_exactly_one_chunk() =>
        Holds("installed packages", "typescript", await IndependentParsers.TypeScript(Sources(Path.Combine(IndependentParsers.Root, "tests"), ".ts", ".js", ".mjs", ".cjs").Where(path => new FileInfo(path).Length < 1 << 20)), least: 100);

    private static IEnumerable<string> Sources(string folder, params string[] endings) =>
        Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(path => endings.Contains(Path.GetExtension(path)) && !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal)
                && !path.Contains(".min.", StringComparison.Ordinal) && !path.Contains("/site-packages/", StringComparison.Ordinal) && !IsMade(path))
            .Order(StringComparer.Ordinal).Take(MaxFiles);

    // Bundles and what a minifier wrote, which the source refuses (its rule is stricter for a file than ours here needs to be).
    private static bool IsMade(string path) => path.Contains("/dist/", StringComparison.Ordinal) && path.Contains(".umd.", StringComparison.Ordinal)
        || File.ReadAllText(path) is var text && (text.Contains("webpackBootstrap", StringComparison.Ordinal) || text.Split('\n').Any(line => line.Length > 1_000));

    private void Holds(string corpus, string language, List<ForeignFile> files, int least, int? refused = null)
    {
        var (functions, whole, longer, spread) = (0, 0, 0, new List<string>());
        foreach (var file in files.Where(file => file.Functions is not null))
        {
            var chunks = CodeChunker.Chunks(file.Text, language, file.Path, Options).ConvertAll(chunk => chunk.Spans[0]);
            AllThere(file, chunks);
            foreach (var function in file.Functions!)
            {
                functions++;
                if (chunks.Any(chunk => chunk.Start <= function.Start && function.End <= chunk.Start + chunk.Length))
                    whole++;
                else if (function.End - function.Start > Options.MaxChunkLength - 1_000)
                    longer++;
                else
                    spread.Add($"{file.Path}:{file.Text.AsSpan(0, function.Start).Count('\n') + 1} {function.Name} ({function.End - function.Start} units)");
            }
        }
        var unread = files.Count(file => file.Functions is null);
        output.WriteLine($"{corpus}: {files.Count} files ({unread} that the other parser refuses), {functions} functions, {whole} in exactly one chunk, {longer} longer than a chunk, {spread.Count} spread.");
        Assert.True(spread.Count == 0, $"{spread.Count} of {functions} spread:\n" + string.Join('\n', spread.Take(20)));
        Assert.True(functions >= least, $"only {functions} functions");
        Assert.Equal(refused ?? unread, unread);
    }

    private static void Named(List<ForeignFile> files)
    {
        foreach (var file in files)
        {
            var units = CodeLanguages.Outline(file.Text, "csharp").Units;
            foreach (var method in file.Functions!.Where(function => function.Name.Contains('(')))
                Assert.True(
                    units.Any(unit => unit.Start <= method.Start && method.End <= unit.End && unit.Signature is not null && unit.Name == Shortened(method.Name, unit.Scope)),
                    $"{file.Path}: no unit is called {method.Name}; there is {units.FirstOrDefault(unit => unit.Start <= method.Start && method.End <= unit.End).Name}");
        }
    }

    // Scope and signature are shortened each for itself.
    private static string Shortened(string name, string scope) =>
        scope.Length == 0 || !name.StartsWith(scope + ".", StringComparison.Ordinal) ? CodeSignature.Of(name) : $"{scope}.{CodeSignature.Of(name.AsSpan(scope.Length + 1))}";

    private static void AllThere(ForeignFile file, List<ChunkSpan> chunks)
    {
        var at = 0;
        foreach (var chunk in chunks)
        {
            Assert.True(chunk.Start >= at && file.Text.AsSpan(at, chunk.Start - at).IsWhiteSpace(), $"{file.Path}: text is lost or doubled before {chunk}");
            Assert.True(chunk.Length <= Options.MaxChunkLength);
            at = chunk.Start + chunk.Length;
        }
        Assert.True(file.Text.AsSpan(at).IsWhiteSpace(), $"{file.Path}: its end is lost");
    }

    /// <summary>Needs Node and TypeScript's parser.</summary>
    private sealed class TypeScriptFactAttribute : FactAttribute
    {
        public TypeScriptFactAttribute() => Skip = Tool.Find("node") is null ? "skipped: no node"
            : !Directory.Exists(Path.Combine(IndependentParsers.Folder, "node_modules", "typescript")) ? "skipped: no typescript: run npm ci in tests/Grains/Knowledge/Code/parsers" : null;
    }
}
