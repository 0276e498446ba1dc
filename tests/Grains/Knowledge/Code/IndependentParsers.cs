using System.Reflection.Metadata;
using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sophia.Knowledge;

/// <summary>A function as another parser sees it, in UTF-16 units of its file.</summary>
internal sealed record ForeignFunction(string Name, int Start, int End);

/// <summary>A source file with its functions; null where the other parser refuses it.</summary>
internal sealed record ForeignFile(string Path, string Text, IReadOnlyList<ForeignFunction>? Functions);

/// <summary>The own parsers of Python, TypeScript and C#, and what the C# compiler noted about its code in the symbols of an assembly.</summary>
internal static class IndependentParsers
{
    public static readonly string Root = FindRoot();

    public static readonly string Folder = Path.Combine(Root, "tests/Grains/Knowledge/Code/parsers");

    public static async Task<List<ForeignFile>> Python(IEnumerable<string> paths) =>
        [.. (await Ask("python3", "functions.py", paths)).Select(file => Read(file, (text, places) => LineStarts(text) is var lines ? places.Select(at => OfLines(text, lines, at)).ToList() : []))];

    public static async Task<List<ForeignFile>> TypeScript(IEnumerable<string> paths) =>
        [.. (await Ask("node", "functions.mjs", paths)).Select(file => Read(file, (_, places) => places.Select(at => new ForeignFunction(at[0].GetString()!, at[1].GetInt32(), at[2].GetInt32())).ToList()))];

    /// <summary>Each method that has sequence points: from the first of its file to the last. Constructors are left out, since initializers of fields all over a type are theirs.</summary>
    public static List<ForeignFile> CSharp(string assembly)
    {
        var named = Names(assembly);
        using var stream = File.OpenRead(Path.ChangeExtension(assembly, ".pdb"));
        using var provider = MetadataReaderProvider.FromPortablePdbStream(stream);
        var symbols = provider.GetMetadataReader();
        var files = new Dictionary<string, (string Text, List<int> Lines, List<ForeignFunction> Functions)>(StringComparer.Ordinal);
        foreach (var handle in symbols.MethodDebugInformation)
        {
            var name = named[MetadataTokens(handle)];
            foreach (var points in symbols.GetMethodDebugInformation(handle).GetSequencePoints().Where(point => !point.IsHidden).GroupBy(point => point.Document))
            {
                var path = symbols.GetString(symbols.GetDocument(points.Key).Name);
                if (name is ".ctor" or ".cctor" || path.Contains("/obj/", StringComparison.Ordinal) || !File.Exists(path))
                    continue;
                if (!files.TryGetValue(path, out var file))
                    files[path] = file = File.ReadAllText(path) is var text ? (text, LineStarts(text), []) : default;
                var lines = file.Lines;
                file.Functions.Add(new ForeignFunction(name, points.Min(p => lines[p.StartLine - 1] + p.StartColumn - 1), points.Max(p => lines[p.EndLine - 1] + p.EndColumn - 1)));
            }
        }
        return [.. files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => new ForeignFile(file.Key, file.Value.Text, file.Value.Functions))];
    }

    /// <summary>Each method, constructor, operator, accessor, property with an arrow, local function and lambda, by C#'s own parser.</summary>
    public static List<ForeignFile> Roslyn(IEnumerable<string> paths) =>
        [.. paths.Select(path => Read(path, File.ReadAllText(path)))];

    private static ForeignFile Read(string path, string text)
    {
        var tree = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview, DocumentationMode.None));
        var isRefused = tree.GetDiagnostics().Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        return new ForeignFile(path, text, isRefused ? null : [.. tree.GetRoot().DescendantNodes().Where(IsFunction).Select(node => new ForeignFunction(Named(node), node.SpanStart, node.Span.End))]);
    }

    private static bool IsFunction(SyntaxNode node) =>
        node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax or AccessorDeclarationSyntax or PropertyDeclarationSyntax { ExpressionBody: not null } or IndexerDeclarationSyntax { ExpressionBody: not null };

    /// <summary>What a section calls a method: its scope, its name, the types of its parameters. Of the rest the kind.</summary>
    private static string Named(SyntaxNode node)
    {
        if (node is not MethodDeclarationSyntax method)
            return node.Kind().ToString();
        var scope = node.Ancestors().Reverse().Select(around => around switch
        {
            BaseNamespaceDeclarationSyntax space => space.Name.ToString(),
            TypeDeclarationSyntax type => type.Identifier.Text + (type.Identifier.Text.Length > 0 ? type.TypeParameterList : null),
            _ => "",
        }).Where(name => name.Length > 0);
        var types = string.Join(", ", method.ParameterList.Parameters.Select(parameter => parameter.Type?.ToString() ?? parameter.Identifier.Text));
        return string.Join('.', scope.Append($"{method.ExplicitInterfaceSpecifier}{method.Identifier.Text}{method.TypeParameterList}({types})"));
    }

    private static int MetadataTokens(MethodDebugInformationHandle handle) => System.Reflection.Metadata.Ecma335.MetadataTokens.GetRowNumber(handle);

    private static Dictionary<int, string> Names(string assembly)
    {
        using var stream = File.OpenRead(assembly);
        using var image = new System.Reflection.PortableExecutable.PEReader(stream);
        var metadata = image.GetMetadataReader();
        return metadata.MethodDefinitions.ToDictionary(handle => System.Reflection.Metadata.Ecma335.MetadataTokens.GetRowNumber(handle), handle => metadata.GetString(metadata.GetMethodDefinition(handle).Name));
    }

    private static async Task<IEnumerable<JsonElement>> Ask(string program, string script, IEnumerable<string> paths)
    {
        var (code, output) = await Tool.Run(program, [Path.Combine(Folder, script)], string.Join('\n', paths));
        Assert.True(code == 0, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);
    }

    private static ForeignFile Read(JsonElement file, Func<string, IEnumerable<JsonElement>, List<ForeignFunction>> places)
    {
        var text = File.ReadAllText(file[0].GetString()!);
        return new ForeignFile(file[0].GetString()!, text, file[1].ValueKind == JsonValueKind.Null ? null : places(text, file[1].EnumerateArray()));
    }

    private static ForeignFunction OfLines(string text, List<int> lines, JsonElement at)
    {
        var (start, end) = (lines[at[1].GetInt32() - 1], at[2].GetInt32() < lines.Count ? lines[at[2].GetInt32()] : text.Length);
        while (char.IsWhiteSpace(text[start]))
            start++;
        while (char.IsWhiteSpace(text[end - 1]))
            end--;
        return new ForeignFunction(at[0].GetString()!, start, end);
    }

    private static List<int> LineStarts(string text)
    {
        var starts = new List<int> { 0 };
        for (var at = 0; at < text.Length; at++)
            if (text[at] == '\n')
                starts.Add(at + 1);
        return starts;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Sophia.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
