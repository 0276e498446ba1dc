using System.Text;
using System.Text.RegularExpressions;

namespace Sophia.Pipelines;

/// <summary>Patterns over relative paths: * and ? within a name, ** over folders, {a,b} for either. A pattern without '/' is matched with the name alone.</summary>
internal sealed class Globs
{
    public static readonly Globs All = new([], matchesAll: true);
    public static readonly Globs None = new([], matchesAll: false);

    private readonly IReadOnlyList<(Regex Pattern, bool NameOnly)> patterns;
    private readonly bool matchesAll;

    private Globs(IReadOnlyList<(Regex, bool)> patterns, bool matchesAll)
    {
        this.patterns = patterns;
        this.matchesAll = matchesAll;
    }

    /// <summary>Several patterns are separated by commas or lines.</summary>
    public static Globs Parse(string text) => new([.. Split(text).Select(glob => (Compile(glob), !glob.Contains('/')))], matchesAll: false);

    public bool Match(string relativePath)
    {
        if (matchesAll)
            return true;
        var name = relativePath[(relativePath.LastIndexOf('/') + 1)..];
        return patterns.Any(p => p.Pattern.IsMatch(p.NameOnly ? name : relativePath));
    }

    private static IEnumerable<string> Split(string text)
    {
        var depth = 0;
        var one = new StringBuilder();
        foreach (var c in text)
        {
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (c == '\n' || (c == ',' && depth == 0))
            {
                if (one.ToString().Trim() is { Length: > 0 } glob)
                    yield return glob;
                one.Clear();
            }
            else
                one.Append(c);
        }
        if (one.ToString().Trim() is { Length: > 0 } last)
            yield return last;
    }

    private static Regex Compile(string glob)
    {
        var regex = new StringBuilder("^");
        var depth = 0;
        glob = glob.TrimStart('/');
        for (var i = 0; i < glob.Length; i++)
            switch (glob[i])
            {
                case '*' when glob.AsSpan(i).StartsWith("**/"):
                    regex.Append("(.*/)?");
                    i += 2;
                    break;
                case '*' when glob.AsSpan(i).StartsWith("**"):
                    regex.Append(".*");
                    i += 1;
                    break;
                case '*':
                    regex.Append("[^/]*");
                    break;
                case '?':
                    regex.Append("[^/]");
                    break;
                case '{':
                    depth++;
                    regex.Append('(');
                    break;
                case '}' when depth > 0:
                    depth--;
                    regex.Append(')');
                    break;
                case ',' when depth > 0:
                    regex.Append('|');
                    break;
                case var c:
                    regex.Append(Regex.Escape(c.ToString()));
                    break;
            }
        regex.Append(')', depth).Append('$');
        return new Regex(regex.ToString(), RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
    }
}
