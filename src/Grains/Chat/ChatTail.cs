namespace Sophia.Chat;

/// <summary>The newest events of a conversation, all of them in the log already, so that whoever follows an answer does not read the disk for each word.</summary>
internal sealed class ChatTail
{
    private readonly Queue<ChatEvent> events = new();

    public void Add(ChatEvent happened)
    {
        events.Enqueue(happened);
        if (events.Count > ChatLimits.Tail)
            events.Dequeue();
    }

    public void Clear() => events.Clear();

    /// <summary>At most <paramref name="limit"/> events after a number, or null where memory does not reach back that far.</summary>
    public IReadOnlyList<ChatEvent>? After(long number, int limit) =>
        events.TryPeek(out var oldest) && oldest.Number <= number + 1 ? events.SkipWhile(e => e.Number <= number).Take(limit).ToArray() : null;
}
