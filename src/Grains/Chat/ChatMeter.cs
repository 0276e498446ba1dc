using System.Diagnostics.Metrics;

namespace Sophia.Chat;

/// <summary>What conversations tell to whoever measures, for all tenants together.</summary>
internal static class ChatMeter
{
    private static readonly Meter Meter = new("Sophia.Chat");
    private static readonly Counter<long> Answers = Meter.CreateCounter<long>("sophia.chat.answers", "{answer}", "Answers that ended, by how: done, failed, stopped.");
    private static readonly Histogram<double> AnswerTime = Meter.CreateHistogram<double>("sophia.chat.answer.duration", "s", "From the question to the end of its answer.");
    private static readonly Histogram<double> FirstWords = Meter.CreateHistogram<double>("sophia.chat.first_words.duration", "s", "From the question to the first words of its answer in the log.");

    public static void FirstWordsCame(TimeSpan after) => FirstWords.Record(after.TotalSeconds);

    public static void Answered(ChatEventKind how, TimeSpan took)
    {
        Answers.Add(1, new KeyValuePair<string, object?>("outcome", how switch { ChatEventKind.Done => "done", ChatEventKind.Stopped => "stopped", _ => "failed" }));
        AnswerTime.Record(took.TotalSeconds);
    }
}
