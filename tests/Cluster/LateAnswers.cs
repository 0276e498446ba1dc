using System.Text.Json;

namespace Sophia.Cluster;

/// <summary>Reads while silos change places, when an answer may be late: one without success is asked for again.</summary>
internal static class LateAnswers
{
    /// <summary>The first answer that is wanted; null: any.</summary>
    public static async Task<JsonElement> Read(this HttpClient http, string path, Func<JsonElement, bool>? wanted = null)
    {
        var answer = await Eventually.Get(async () =>
        {
            using var answer = await http.GetAsync(path);
            return (answer.IsSuccessStatusCode, Text: await answer.Content.ReadAsStringAsync());
        }, seen => seen.IsSuccessStatusCode && (wanted is null || wanted(JsonDocument.Parse(seen.Text).RootElement)), $"what was waited for of {path}");
        return JsonDocument.Parse(answer.Text).RootElement;
    }
}
