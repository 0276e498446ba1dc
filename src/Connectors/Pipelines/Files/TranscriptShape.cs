using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>An array of speaker turns, where it was found: the object that holds it, under which property, and the properties that lead to it.</summary>
/// <param name="Name">What the containing object calls itself, or null.</param>
internal sealed record FoundTranscript(JsonElement Container, string? Property, JsonElement Turns, string? RootProperty, string? Name);

/// <summary>Recognises speaker turns: an array of two objects or more of which four in five have a speaker-like and a text-like field.</summary>
internal static class TranscriptShape
{
    private const int MaxDepth = 6;
    private const int MaxVisited = 10_000;
    private const int SampledTurns = 200;

    public static readonly string[] SpeakerNames = ["speakername", "speaker", "participant", "name", "role", "from", "speakerid"];
    public static readonly string[] TextNames = ["text", "content", "utterance", "message", "transcript", "sentence", "sentences"];
    public static readonly string[] StartNames = ["start", "starttime", "startms", "timestamp", "time", "offset", "begin"];
    private static readonly string[] NameNames = ["callid", "meetingid", "transcriptid", "id"];
    private static readonly string[] PlainSpeakers = ["speakername", "speaker", "participant", "speakerid"];

    public static IReadOnlyList<FoundTranscript> Find(JsonElement root)
    {
        var found = new List<FoundTranscript>();
        var visited = 0;
        if (root.ValueKind == JsonValueKind.Array && AreTurns(root, strict: true))
            return [new FoundTranscript(root, null, root, null, null)];
        Visit(root, null, 0, found, ref visited);
        return found;
    }

    /// <param name="strict">Only names that nothing but a speaker has: for arrays that could as well be tables.</param>
    public static bool IsTurn(JsonElement element, bool strict) =>
        element.ValueKind == JsonValueKind.Object && Field(element, strict ? PlainSpeakers : SpeakerNames) is { } speaker && IsName(speaker)
        && Field(element, TextNames) is { } text && IsText(text);

    /// <summary>The first field that has one of the names, in their order; case, '_' and '-' do not count.</summary>
    public static JsonElement? Field(JsonElement element, string[] names) => FieldName(element, names) is { } name ? element.GetProperty(name) : null;

    public static string? FieldName(JsonElement element, string[] names)
    {
        var (best, rank) = ((string?)null, names.Length);
        foreach (var property in element.EnumerateObject())
        {
            var at = Array.IndexOf(names, Plain(property.Name));
            if (at >= 0 && at < rank && property.Value.ValueKind != JsonValueKind.Null)
                (best, rank) = (property.Name, at);
        }
        return best;
    }

    private static string Plain(string name) => name.Replace("_", "").Replace("-", "").ToLowerInvariant();

    private static bool AreTurns(JsonElement array, bool strict)
    {
        var (turns, sampled) = (0, 0);
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object || sampled == SampledTurns)
                break;
            sampled++;
            turns += IsTurn(element, strict) ? 1 : 0;
        }
        return sampled >= 2 && turns >= 2 && turns >= 0.8 * sampled;
    }

    private static void Visit(JsonElement element, string? rootProperty, int depth, List<FoundTranscript> found, ref int visited)
    {
        if (depth > MaxDepth || ++visited > MaxVisited)
            return;
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var inner in element.EnumerateArray())
                if (inner.ValueKind == JsonValueKind.Object)
                    Visit(inner, rootProperty, depth + 1, found, ref visited);
            return;
        }
        if (element.ValueKind != JsonValueKind.Object)
            return;
        foreach (var property in element.EnumerateObject())
            if (property.Value.ValueKind == JsonValueKind.Array && AreTurns(property.Value, strict: false))
            {
                var name = Field(element, NameNames) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } id ? id.ToString() : null;
                found.Add(new FoundTranscript(element.Clone(), property.Name, property.Value.Clone(), rootProperty ?? property.Name, name));
                return;
            }
        foreach (var property in element.EnumerateObject())
            Visit(property.Value, rootProperty ?? property.Name, depth + 1, found, ref visited);
    }

    private static bool IsName(JsonElement value) =>
        value.ValueKind is JsonValueKind.String or JsonValueKind.Number
        || (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String);

    private static bool IsText(JsonElement value) =>
        value.ValueKind == JsonValueKind.String
        || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            && value.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String || (part.ValueKind == JsonValueKind.Object && Field(part, TextNames) is { ValueKind: JsonValueKind.String })));
}
