using System.Globalization;
using System.Net;
using System.Text;

namespace Sophia.Quality;

/// <summary>A stream's quality for the one who owns the data: what is good, what is not, where, and what can be done. In Markdown or HTML.</summary>
internal static class QualityReport
{
    private const int MostExamples = 5;
    private const int MostRules = 100;

    private const string Style = ":root{color-scheme:light dark}body{font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}"
        + "h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.15rem;margin-top:2rem}.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}td,th{border-bottom:1px solid #8886;padding:.35rem 1rem .35rem 0;text-align:left;vertical-align:top;overflow-wrap:normal}code{font-size:.85em}";

    /// <summary>Gathers what the report says of a stream, in Markdown.</summary>
    /// <exception cref="RefusedException">NotFound: no such stream. Busy: the log is being read for the first time.</exception>
    public static async Task<string> Of(IQualityGrain quality, string stream)
    {
        var profile = await quality.Profile(stream);
        var found = await quality.Findings(new FindingsQuery(stream, Limit: 1));
        var examples = new List<Finding>();
        foreach (var rule in found.Rules.Where(rule => rule.Broken > 0).Select(rule => rule.Rule).Take(MostRules).Append("volume").Append("freshness"))
            examples.AddRange((await quality.Findings(new FindingsQuery(stream, rule, Limit: MostExamples))).Items);
        return Markdown(profile, found with { Items = examples }, await quality.Suggestions(stream));
    }

    public static string Markdown(StreamProfile profile, FindingsPage found, IReadOnlyList<Suggestion> suggested)
    {
        var text = new StringBuilder();
        Line($"# How good is {Plain(profile.Stream)}?");
        Line("");
        Line(string.Create(CultureInfo.InvariantCulture, $"{profile.Records:N0} records, looked at on {profile.At.UtcDateTime:yyyy-MM-dd HH:mm} UTC. {found.Total:N0} findings by {found.Rules.Count} rules; {suggested.Count} more rules are suggested."));
        Line("");
        Line("| check | score | how it is counted |");
        Line("|---|---|---|");
        foreach (var score in found.Scores)
            Line(string.Create(CultureInfo.InvariantCulture, $"| {score.Check} | {(score.Unjudged ? "not judged" : score.Score.ToString("P1", CultureInfo.InvariantCulture))} | {Plain(score.Formula)} |"));
        Line("");
        Line("## What to look at first");
        Line("");
        foreach (var rule in found.Rules.Where(rule => rule.Broken > 0).OrderByDescending(rule => rule.Broken).ThenBy(rule => rule.Rule, StringComparer.Ordinal))
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"**{Plain(rule.Field)}**: {rule.Broken:N0} of {rule.Asked:N0} break \"{Plain(rule.Rule)}\" ({Plain(rule.Source)})"));
            Line("");
            foreach (var finding in found.Items.Where(finding => finding.Rule == rule.Rule && finding.Field == rule.Field).Take(MostExamples))
                Line($"- record {Plain(finding.Key)}: found {Plain(finding.Value ?? "nothing")}, expected {Plain(finding.Expected)}. {Plain(finding.Reason)}");
            Line("");
        }
        foreach (var finding in found.Items.Where(finding => finding.Key.Length == 0))
            Line($"- {Plain(finding.Rule)}: {Plain(finding.Reason)}");
        Line("## The fields");
        Line("");
        Line("| field | missing | distinct | from | to | mostly looks like |");
        Line("|---|---|---|---|---|---|");
        foreach (var field in profile.Fields)
            Line(string.Create(CultureInfo.InvariantCulture, $"| {Plain(field.Field)} | {field.MissingShare:P1} | {field.Distinct:N0} | {Plain(field.Least ?? "")} | {Plain(field.Most ?? "")} | {Plain(field.Patterns is [var first, ..] ? first.Value : "")} |"));
        Line("");
        Line("## Rules that could be switched on");
        Line("");
        foreach (var suggestion in suggested)
            Line(string.Create(CultureInfo.InvariantCulture, $"- {Plain(suggestion.Says)} {suggestion.Support:N0} for, {suggestion.Against:N0} against{(suggestion.Examples.Count > 0 ? ", such as " + Plain(string.Join("; ", suggestion.Examples.Take(3))) : "")}. (`{SophiaCommand.Name} quality accept {Code(profile.Stream)} {suggestion.Id} --pipeline …`)"));
        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
    }

    /// <summary>A value from a source is text: no sign of it may become markup or end a table's cell.</summary>
    private static string Plain(string value)
    {
        var plain = new StringBuilder();
        foreach (var c in Tame(value).ReplaceLineEndings(" "))
            plain.Append(c switch { '<' => "&lt;", '>' => "&gt;", '&' => "&amp;", '|' or '*' or '`' or '[' or ']' or '\\' or '_' => $"\\{c}", _ => c.ToString() });
        return plain.ToString();
    }

    /// <summary>Within a span of code nothing is markup but its end.</summary>
    private static string Code(string value) => Tame(value).ReplaceLineEndings(" ").Replace('`', '\'').Replace('|', '/');

    /// <summary>What would move a cursor or colour a terminal is U+FFFD; line ends and tabs stay.</summary>
    private static string Tame(string value) => string.Concat(value.Select(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t') ? '\uFFFD' : c));

    /// <summary>The same as a page of its own, without scripts. It knows the few forms that the report uses.</summary>
    public static string Html(string title, string markdown)
    {
        var page = new StringBuilder($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{WebUtility.HtmlEncode(title)}</title><link rel=\"icon\" href=\"{Pages.PageAssets.Icon}\"><style>{Style}</style></head><body><main>\n");
        var (inTable, inList) = (false, false);
        foreach (var line in markdown.Split('\n'))
        {
            var (row, item) = (line.StartsWith('|'), line.StartsWith("- ", StringComparison.Ordinal));
            var head = row && !inTable;
            Switch(ref inTable, row, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>", "</table></div>");
            Switch(ref inList, item, "<ul>", "</ul>");
            if (row && !line.StartsWith("|---", StringComparison.Ordinal))
                page.Append("<tr>").AppendJoin("", Cells(line).Select(cell => head ? $"<th scope=\"col\">{Inline(cell)}</th>" : $"<td>{Inline(cell)}</td>")).Append("</tr>\n");
            else if (item)
                page.Append($"<li>{Inline(line[2..])}</li>\n");
            else if (line.StartsWith("# ", StringComparison.Ordinal))
                page.Append($"<h1>{Inline(line[2..])}</h1>\n");
            else if (line.StartsWith("## ", StringComparison.Ordinal))
                page.Append($"<h2>{Inline(line[3..])}</h2>\n");
            else if (line.Length > 0 && !row)
                page.Append($"<p>{Inline(line)}</p>\n");
        }
        return page.Append("</main></body></html>").ToString();

        void Switch(ref bool within, bool wanted, string begins, string ends)
        {
            if (within != wanted)
                page.Append(wanted ? begins : ends).Append('\n');
            within = wanted;
        }
    }

    private static IEnumerable<string> Cells(string line) => line.Replace("\\|", "&#124;", StringComparison.Ordinal).Trim('|').Split('|').Select(cell => cell.Trim());

    private static string Inline(string text)
    {
        var made = new StringBuilder();
        var (strong, code) = (false, false);
        for (var i = 0; i < text.Length; i++)
            if (code && text[i] != '`')
                made.Append(WebUtility.HtmlEncode(text[i].ToString()));
            else if (text[i] == '\\' && i + 1 < text.Length)
                made.Append(text[++i]);
            else if (text[i] == '*' && i + 1 < text.Length && text[i + 1] == '*')
                (strong, i) = (!strong, i + (made.Append(strong ? "</strong>" : "<strong>") is null ? 0 : 1));
            else if (text[i] == '`')
                code = made.Append(code ? "</code>" : "<code>") is not null && !code;
            else
                made.Append(text[i]);
        return made.ToString();
    }
}
