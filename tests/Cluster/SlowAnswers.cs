using System.Net.Http.Json;
using System.Text.Json;

namespace Sophia.Cluster;

/// <summary>Conversations whose answers are under way, and what became of them.</summary>
/// <param name="about">A word of records that are delivered: they are found by it, with an embedder or without, so that each question comes to the model.</param>
internal sealed class SlowAnswers(HttpClient http, string name, int conversations, string about)
{
    private const int MostShown = 300;

    private readonly Dictionary<string, long> questions = [];
    private readonly List<string> words = [];

    /// <summary>Why answers were ended that were not finished, as their readers see it.</summary>
    public IReadOnlyList<string> Words => words;

    /// <summary>Asks in each conversation something that is answered slowly, as soon as there is something to answer with.</summary>
    public async Task Ask()
    {
        await http.Read($"/api/search?q={about}", static found => found.GetProperty("hits").GetArrayLength() > 0);
        for (var of = 0; of < conversations; of++)
        {
            var session = $"{name}-slow-{of}";
            using var asked = await http.PostAsJsonAsync($"/api/chat/sessions/{session}/questions", new { text = $"Tell slowly what each {about} is." });
            asked.EnsureSuccessStatusCode();
            questions[session] = (await asked.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("questionNumber").GetInt64();
        }
    }

    /// <summary>Looks at each conversation until it is there, which wakes it where its silo is gone.</summary>
    public async Task Wake()
    {
        foreach (var session in questions.Keys)
            await Eventually.Get(async () =>
            {
                using var view = await http.GetAsync($"/api/chat/sessions/{session}");
                return (view.IsSuccessStatusCode, Text: await view.Content.ReadAsStringAsync());
            }, static seen => seen.IsSuccessStatusCode, $"{session} on another silo");
    }

    /// <summary>The answers that have ended by now, and how.</summary>
    public async Task<IReadOnlyList<string>> EndedSoFar()
    {
        var ended = new List<string>();
        foreach (var (session, question) in questions)
            foreach (var end in (await Events(session)).Where(happened => Ends(happened, question)))
                ended.Add($"{session}: {(end.GetRawText() is { Length: > MostShown } text ? text[..MostShown] : end.GetRawText())}");
        return ended;
    }

    /// <summary>Waits until every answer has ended; says how many were finished, how many were ended with a word why, and what is wrong with any.</summary>
    public async Task<(int Finished, int Told, IReadOnlyList<string> Wrong)> Ends()
    {
        var (finished, told, wrong) = (0, 0, new List<string>());
        foreach (var (session, question) in questions)
        {
            var events = await Ended(session, question);
            var ends = events.Where(happened => Ends(happened, question)).ToList();
            if (ends.Count != 1)
                wrong.Add($"{session}: {ends.Count} ends");
            else if (ends[0].GetProperty("kind").GetString() == "done")
                finished++;
            else
            {
                told++;
                words.Add(ends[0].GetProperty("text").GetString()!);
            }
            if (!events.Select(e => e.GetProperty("number").GetInt64()).SequenceEqual(Enumerable.Range(1, events.Count).Select(number => (long)number)))
                wrong.Add($"{session}: numbers with a gap");
        }
        return (finished, told, wrong);
    }

    private static bool Ends(JsonElement happened, long question) => happened.GetProperty("question").GetInt64() == question && happened.GetProperty("kind").GetString() is "done" or "failed" or "stopped";

    private async Task<List<JsonElement>> Ended(string session, long question)
    {
        List<JsonElement> events = [];
        await Eventually.Comes(async () =>
        {
            events = await Events(session);
            return events.Any(happened => Ends(happened, question));
        }, $"the answer in {session} ends");
        return events;
    }

    private async Task<List<JsonElement>> Events(string session)
    {
        var (events, after) = (new List<JsonElement>(), 0L);
        while (await http.Read($"/api/chat/sessions/{session}/events?limit=1000&after={after}") is var page && page.GetProperty("events").GetArrayLength() > 0)
        {
            events.AddRange(page.GetProperty("events").EnumerateArray());
            after = events[^1].GetProperty("number").GetInt64();
        }
        return events;
    }
}
