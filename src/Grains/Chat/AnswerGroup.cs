using System.Text;

namespace Sophia.Chat;

/// <summary>Collects the small pieces of an answer until they are worth a write: 1 KB, or 50 ms after the first of them.</summary>
internal sealed class AnswerGroup(TimeProvider time)
{
    private readonly StringBuilder all = new();
    private readonly StringBuilder text = new();
    private readonly List<ChatSource> sources = [];
    private readonly List<ChatSource> allSources = [];

    /// <summary>Completes when the text held is old enough; null while none is held.</summary>
    public Task? Due { get; private set; }

    public bool Full => text.Length >= ChatLimits.GroupLength;

    /// <summary>Whether the answer has reached its greatest length.</summary>
    public bool Cut { get; private set; }

    public string Answer => all.ToString();

    public IReadOnlyList<ChatSource> Sources => allSources;

    public void Add(AnswerStep.Said said)
    {
        var room = ChatLimits.AnswerLength - all.Length;
        Cut = said.Text.Length > room;
        var kept = Operations.TextEnd.Cut(said.Text, Math.Max(0, room));
        all.Append(kept);
        text.Append(kept);
        sources.AddRange(said.Sources);
        allSources.AddRange(said.Sources.Where(s => !allSources.Contains(s)));
        Due ??= Task.Delay(ChatLimits.GroupAge, time);
    }

    /// <summary>Hands over what is held; null where nothing is.</summary>
    public AnswerStep.Said? Take()
    {
        Due = null;
        if (text.Length == 0)
            return null;
        var taken = new AnswerStep.Said(text.ToString(), sources.ToArray());
        text.Clear();
        sources.Clear();
        return taken;
    }
}
