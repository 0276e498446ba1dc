using System.Globalization;
using System.Text.Json;
using Sophia.Commands;

namespace Sophia.Knowledge;

/// <summary>A meeting: its turns' texts, and questions with the turns that answer them (from 0, both ends of a span included).</summary>
internal sealed record Meeting(string Key, IReadOnlyList<string> Turns, IReadOnlyList<MeetingQuestion> Questions);

internal sealed record MeetingQuestion(string Text, IReadOnlySet<int> GoldTurns);

/// <summary>Meetings as QMSum keeps them (Zhong et al., 2021): <c>meeting_transcripts</c>, and <c>specific_query_list</c> with <c>relevant_text_span</c>.</summary>
internal sealed record MeetingSet(string Path, IReadOnlyList<Meeting> Meetings)
{
    public static MeetingSet Read(string path)
    {
        var files = Directory.GetFiles(path, "*.json").Order(StringComparer.Ordinal).ToList();
        return files.Count > 0 ? new MeetingSet(path, files.ConvertAll(Meeting)) : throw new CommandFailedException($"There is no meeting (*.json) in {path}.");
    }

    private static Meeting Meeting(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        var turns = json.RootElement.GetProperty("meeting_transcripts").EnumerateArray().Select(t => t.GetProperty("content").GetString()!).ToList();
        var questions = json.RootElement.GetProperty("specific_query_list").EnumerateArray()
            .Select(q => new MeetingQuestion(q.GetProperty("query").GetString()!, Gold(q.GetProperty("relevant_text_span"))));
        return new Meeting(System.IO.Path.GetFileName(file), turns, questions.ToList());
    }

    private static HashSet<int> Gold(JsonElement spans) => spans.EnumerateArray().SelectMany(span =>
    {
        var (first, last) = (Number(span[0]), Number(span[1]));
        return Enumerable.Range(first, last - first + 1);
    }).ToHashSet();

    private static int Number(JsonElement value) => int.Parse(value.ToString(), NumberStyles.None, CultureInfo.InvariantCulture);
}
