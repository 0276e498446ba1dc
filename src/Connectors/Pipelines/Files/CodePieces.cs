using System.Text;
using System.Text.RegularExpressions;

namespace Sophia.Pipelines;

/// <summary>Source files: one record a file. What no person wrote is refused as one bad piece that says why.</summary>
internal static partial class CodePieces
{
    /// <summary>UTF-16 units of a file in which a notice "generated" is looked for.</summary>
    private const int NoticeWithin = 2_000;

    /// <summary>A line of more UTF-16 units, in a file whose lines have more than <see cref="MeanLine"/> on average, was written by a minifier.</summary>
    private const int LongestLine = 5_000;

    private const int MeanLine = 300;

    public static IEnumerable<FilePiece> Split(OpenedFile file, ReadOnlyMemory<byte> text)
    {
        var (stream, code) = (file.StreamOf("code"), Encoding.UTF8.GetString(text.Span));
        if (Fault(code, file.Settings) is { } fault)
            return [FilePiece.Bad(stream, 0, text.Length, fault)];
        var payload = DocumentPieces.Write(json =>
        {
            json.WriteString("kind", "code");
            json.WriteString("language", CodeFiles.LanguageOf(file.Path));
            json.WriteString("title", file.FileName);
            json.WriteString("path", file.Path);
            json.WriteString("text", code);
        });
        return [new FilePiece(stream, file.Path, payload, 0, text.Length)];
    }

    private static PieceFault? Fault(string code, FilesSettings settings) =>
        string.IsNullOrWhiteSpace(code) ? new PieceFault("text", "some text", "The file holds nothing but blanks.")
        : IsMinified(code) ? new PieceFault("code", "code in lines", $"It has a line of more than {LongestLine} characters and {MeanLine} on average: a minifier's work. Exclude it, or read what it was made from.")
        : !settings.Generated && Notice().IsMatch(code.AsSpan(0, Math.Min(code.Length, NoticeWithin))) ? new PieceFault("code", "code that a person wrote", "It says of itself that it is generated. Exclude it, or set generated: true in the source.")
        : null;

    private static bool IsMinified(string code)
    {
        var (lines, longest, start) = (0, 0, 0);
        while (start < code.Length)
        {
            var end = code.IndexOf('\n', start) is >= 0 and var found ? found : code.Length;
            (lines, longest, start) = (lines + 1, Math.Max(longest, end - start), end + 1);
        }
        return longest > LongestLine && code.Length / lines > MeanLine;
    }

    [GeneratedRegex(@"<auto-?generated|@generated\b|\bgenerated\b[^\n]{0,80}\bdo not (?:edit|modify)\b|\bdo not (?:edit|modify)\b[^\n]{0,80}\bgenerated\b|webpackBootstrap", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Notice();
}
