using Sophia.Log;

namespace Sophia.Chat;

/// <summary>Reads from the log what a conversation has come to, without reading all of it.</summary>
internal static class ChatHistory
{
    /// <summary>The state after the newest event. Only the newest question's events are read, and the first event for the title.</summary>
    public static async Task<ChatState> Fold(ChatJournal journal, CancellationToken cancellation)
    {
        if (await journal.Newest(cancellation) is not { } newest)
            return ChatState.Empty;
        var last = newest.Version;
        var question = await NewestQuestion(journal, last, cancellation);
        var title = await journal.Row(1, cancellation) is { } first ? ChatRules.TitleOf(ChatEventFormat.Read(first).Text) : "";
        var state = ChatState.Empty with { Title = title };
        for (var after = question - 1; after < last; after += ChatLimits.Page)
            foreach (var happened in await journal.Events(after, Math.Min(last, after + ChatLimits.Page), cancellation))
                state = ChatRules.After(state, happened);
        return state;
    }

    /// <summary>The conversation before a question: the newest questions and answers, oldest first, at most <see cref="ChatLimits.HistoryLines"/>.</summary>
    public static async Task<IReadOnlyList<SpokenLine>> Lines(ChatJournal journal, long before, CancellationToken cancellation)
    {
        var lines = new List<SpokenLine>();
        var rows = await journal.Events(Math.Max(0, before - 1 - ChatLimits.Page), before - 1, cancellation);
        foreach (var said in rows.Reverse().Where(e => e.Kind is ChatEventKind.Question or ChatEventKind.Done).Take(ChatLimits.HistoryLines))
            lines.Add(new SpokenLine(said.Kind == ChatEventKind.Question, said.Text[..Math.Min(said.Text.Length, ChatLimits.HistoryLineLength)]));
        lines.Reverse();
        return lines;
    }

    // Opinions may be about older questions and pile up behind the newest answer: step over them.
    private static async Task<long> NewestQuestion(ChatJournal journal, long last, CancellationToken cancellation)
    {
        for (var to = last; to > 0; to -= ChatLimits.Page)
            foreach (var happened in (await journal.Events(Math.Max(0, to - ChatLimits.Page), to, cancellation)).Reverse())
                if (happened.Kind != ChatEventKind.Feedback)
                    return happened.Question;
        throw new StorageException(StorageFault.Corrupt, "A conversation without a question.");
    }
}
