using System.Globalization;
using System.Text;
using Sophia.Chat;

namespace Sophia.Pages;

/// <summary>A conversation as people read it, folded from its numbered events.</summary>
public sealed class Conversation
{
    private readonly List<Exchange> exchanges = [];

    public IReadOnlyList<Exchange> Exchanges => exchanges;

    /// <summary>The number of the newest event seen.</summary>
    public long LastNumber { get; private set; }

    public bool Answering => exchanges.Count > 0 && exchanges[^1].Open;

    public static Conversation From(IEnumerable<ChatEvent> events)
    {
        var conversation = new Conversation();
        foreach (var happened in events)
            conversation.Take(happened);
        return conversation;
    }

    private void Take(ChatEvent happened)
    {
        LastNumber = happened.Number;
        if (happened.Kind == ChatEventKind.Question)
            exchanges.Add(new Exchange(happened.Number, happened.Text, happened.At));
        else
            exchanges.Find(e => e.Number == happened.Question)?.Take(happened);
    }
}

/// <summary>One question and what was answered so far.</summary>
public sealed class Exchange(long number, string question, DateTimeOffset at)
{
    private readonly StringBuilder text = new();
    private readonly List<ChatSource> sources = [];

    public long Number => number;

    public string Question => question;

    public DateTimeOffset At => at;

    public string? AnsweredBy { get; private set; }

    /// <summary>Why there is no (more) answer, or null.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Why the answer's passages were found by words alone, or null.</summary>
    public string? Degraded { get; private set; }

    /// <summary>That the answer's passages are those of an earlier search, and why; or null.</summary>
    public string? Stale { get; private set; }

    /// <summary>Why what was said is no answer, or null.</summary>
    public NoAnswer? Unanswered { get; private set; }

    /// <summary>What stands near the question without answering it, best first.</summary>
    public IReadOnlyList<ChatSource> Near { get; private set; } = [];

    public bool Open { get; private set; } = true;

    /// <summary>Whether the answer is made of the records' own sentences.</summary>
    public bool IsExtractive => AnsweredBy == "extractive" || AnsweredBy?.StartsWith("extractive:", StringComparison.Ordinal) == true;

    /// <summary>What somebody thought of the answer last: above 0 it helped, below 0 it did not, 0 nobody said.</summary>
    public int Opinion { get; private set; }

    public string Text => text.ToString();

    public IReadOnlyList<ChatSource> Sources => [.. sources.DistinctBy(s => s.Mark).OrderBy(s => s.Mark)];

    public void Take(ChatEvent happened)
    {
        switch (happened.Kind)
        {
            case ChatEventKind.Started:
                AnsweredBy = happened.Text;
                break;
            case ChatEventKind.Text:
                text.Append(happened.Text);
                sources.AddRange(happened.Sources);
                break;
            case ChatEventKind.Done:
                (Degraded, Stale, Unanswered, Near) = (happened.Degraded, happened.Stale, happened.Unanswered, happened.Near ?? []);
                Open = false;
                break;
            case ChatEventKind.Failed or ChatEventKind.Stopped:
                Trouble = happened.Kind == ChatEventKind.Stopped ? "Stopped." : happened.Text;
                Open = false;
                break;
            case ChatEventKind.Feedback:
                Opinion = int.TryParse(happened.Text.Split(' ')[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var mark) ? mark : 0;
                break;
        }
    }
}
