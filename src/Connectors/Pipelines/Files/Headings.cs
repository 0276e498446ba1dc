using Sophia.Operations;

namespace Sophia.Pipelines;

/// <summary>Finds a document's first heading: a line of '#', or one underlined with '=' or '-'.</summary>
internal static class Headings
{
    private const int MaxLength = 300;

    public static string? First(string text)
    {
        var (previous, fenced) = ("", false);
        foreach (var span in text.AsSpan().EnumerateLines())
        {
            var line = span.Trim();
            if (line.StartsWith("```") || line.StartsWith("~~~"))
                fenced = !fenced;
            else if (!fenced && line.StartsWith('#') && line.TrimStart('#') is var title && line.Length - title.Length <= 6 && title is [' ', ..])
                return TextEnd.Cut(title.Trim().TrimEnd('#').TrimEnd().ToString(), MaxLength);
            else if (!fenced && previous.Length > 0 && line.Length >= 3 && (line.Trim('=').IsEmpty || line.Trim('-').IsEmpty))
                return TextEnd.Cut(previous, MaxLength);
            previous = fenced || line.StartsWith('|') || line.StartsWith('-') ? "" : line.Length <= MaxLength ? line.ToString() : "";
        }
        return null;
    }
}
