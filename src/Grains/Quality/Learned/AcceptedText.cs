using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sophia.Operations;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>Adds accepted rules to a definition's text and leaves every line of its author's as it is.</summary>
internal static class AcceptedText
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="RefusedException">Conflict: the text ends in a way that nothing can be added to; what to write stands in its errors.</exception>
    public static string With(string text, string name, string stream, IReadOnlyList<Suggestion> accepted, string level)
    {
        string[] rules = [.. accepted.Select(suggestion => RuleOf(suggestion, level))];
        var made = text.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith("{") ? InJson(text, stream, accepted, rules) : InYaml(text, stream, accepted, rules);
        var (before, after) = (PipelineDefinitionReader.Read(text, "definition", name).Definition, PipelineDefinitionReader.Read(made, "definition", name).Definition);
        if (before is not null && after?.Accepted.Count == before.Accepted.Count + accepted.Count)
            return made;
        throw new RefusedException(RefusalCode.Conflict, "The definition cannot be added to: its part \"accepted\" is not the last one, or not a list of lines. Write there yourself:",
            [.. rules.Select((rule, i) => Item("", stream, accepted[i], rule))]);
    }

    /// <summary>A rule that needs other records flags later, so it never holds a record back.</summary>
    private static string RuleOf(Suggestion suggestion, string level)
    {
        var rule = JsonNode.Parse(suggestion.Rule)!.AsObject();
        rule["level"] = suggestion.Kind is "dependency" or "reference" or "spelling" or "similar" ? "warning" : level;
        return rule.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private static string Because(Suggestion suggestion) => string.Create(CultureInfo.InvariantCulture, $"{suggestion.Says} {suggestion.Support} for, {suggestion.Against} against.");

    private static string InJson(string text, string stream, IReadOnlyList<Suggestion> accepted, string[] rules)
    {
        var top = JsonNode.Parse(text, null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!.AsObject();
        if (top["accepted"] is not JsonArray list)
            top["accepted"] = list = [];
        for (var i = 0; i < rules.Length; i++)
            list.Add(new JsonObject { ["stream"] = stream, ["because"] = Because(accepted[i]), ["rule"] = JsonNode.Parse(rules[i]) });
        return top.ToJsonString(Indented) + "\n";
    }

    private static string InYaml(string text, string stream, IReadOnlyList<Suggestion> accepted, string[] rules)
    {
        var made = new StringBuilder(text.TrimEnd()).Append('\n');
        var lines = text.Split('\n');
        var at = Array.FindIndex(lines, line => line.StartsWith("accepted:", StringComparison.Ordinal));
        if (at < 0)
            made.Append("accepted:\n");
        var first = lines.Skip(at + 1).FirstOrDefault(line => at >= 0 && line.TrimStart().StartsWith("- ", StringComparison.Ordinal));
        var indent = first is null ? "  " : first[..first.IndexOf('-')];
        for (var i = 0; i < rules.Length; i++)
            made.Append(Item(indent, stream, accepted[i], rules[i]));
        return made.ToString();
    }

    private static string Item(string indent, string stream, Suggestion suggestion, string rule) =>
        $"{indent}- stream: {Quoted(stream)}\n{indent}  because: {Quoted(Because(suggestion))}\n{indent}  rule: {rule}\n";

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
