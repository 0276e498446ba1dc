using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Sophia.Pipelines;

/// <summary>What names of source files tell: the language, and whether somebody here wrote it.</summary>
internal static partial class CodeFiles
{
    public const string GeneratedByName = "a generated file by its name; set generated: true in the source to read it";

    private static readonly FrozenDictionary<string, string> Languages = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        [".cs"] = "csharp", [".csx"] = "csharp", [".py"] = "python", [".pyi"] = "python", [".pyw"] = "python",
        [".ts"] = "typescript", [".tsx"] = "typescript", [".mts"] = "typescript", [".cts"] = "typescript",
        [".js"] = "javascript", [".jsx"] = "javascript", [".mjs"] = "javascript", [".cjs"] = "javascript",
        [".java"] = "java", [".kt"] = "kotlin", [".kts"] = "kotlin", [".scala"] = "scala", [".swift"] = "swift", [".go"] = "go", [".rs"] = "rust",
        [".c"] = "c", [".h"] = "c", [".cpp"] = "cpp", [".cc"] = "cpp", [".cxx"] = "cpp", [".hpp"] = "cpp", [".hh"] = "cpp",
        [".rb"] = "ruby", [".php"] = "php", [".sh"] = "shell", [".bash"] = "shell", [".ps1"] = "powershell", [".sql"] = "sql", [".lua"] = "lua",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> VendoredFolders = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "node_modules", "bower_components", "vendor", "third_party", "site-packages", "__pycache__", "venv", "bin", "obj", "dist", "target", "artifacts");

    private static readonly FrozenSet<string> LockFiles = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "package-lock.json", "npm-shrinkwrap.json", "packages.lock.json", "composer.lock");

    /// <summary>The language of an extension with its dot; null where it is no source file's.</summary>
    public static string? Language(string extension) => Languages.GetValueOrDefault(extension);

    /// <summary>The language that a path's extension promises, .gz left out; "text" where a definition alone says that the file is code.</summary>
    public static string LanguageOf(string path) => Language(Path.GetExtension(path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path)) ?? "text";

    /// <summary>Whether it lists versions of packages, or is source code below a folder of others' or built code.</summary>
    public static bool IsVendored(string path)
    {
        var parts = path.Split('/');
        return LockFiles.Contains(parts[^1]) || (FileFormats.Of(path).Format == FileFormat.Code && parts.SkipLast(1).Any(VendoredFolders.Contains));
    }

    public static bool IsGeneratedName(string path) => Generated().IsMatch(path);

    [GeneratedRegex(@"(?:\.g|\.g\.i|\.designer|\.generated)\.cs$|[.-]min\.[cm]?js$|_pb2(?:_grpc)?\.pyi?$|\.pb\.(?:go|cc|h)$|\.bundle\.js$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Generated();
}
