using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>The events of one conversation in the log: versions 1, 2, 3 … of one key, so that a number is a version and there is no gap.</summary>
/// <remarks>Only its owner may append: the fence refuses an earlier activation that still runs, and every row names the version it follows.</remarks>
internal sealed class ChatJournal(ILogStore log, TenantId tenant, string session)
{
    private readonly string stream = OwnStreams.ChatOf(session);
    private Fence? fence;

    /// <summary>The newest event's row, or null.</summary>
    public Task<LogEntry?> Newest(CancellationToken cancellation) => log.Newest(tenant, stream, OwnStreams.ChatKey, cancellation);

    public async Task<LogEntry?> Row(long number, CancellationToken cancellation) =>
        (await log.History(tenant, stream, OwnStreams.ChatKey, number + 1, 1, cancellation)) is [{ } row] && row.Version == number ? row : null;

    /// <summary>Rows numbered <paramref name="after"/> + 1 up to <paramref name="to"/>, in order.</summary>
    public async Task<IReadOnlyList<LogEntry>> Rows(long after, long to, CancellationToken cancellation)
    {
        if (to <= after)
            return [];
        var rows = await log.History(tenant, stream, OwnStreams.ChatKey, to + 1, (int)(to - after), cancellation);
        return [.. rows.Reverse()];
    }

    public async Task<IReadOnlyList<ChatEvent>> Events(long after, long to, CancellationToken cancellation) =>
        (await Rows(after, to, cancellation)).Select(ChatEventFormat.Read).ToArray();

    /// <summary>Appends events in one transaction. With an operation id that was used before nothing is appended and the number of its event comes back.</summary>
    /// <exception cref="JournalLostException">Another activation owns the conversation, or the outcome of an earlier append is unknown: reload.</exception>
    public async Task<long?> Append(IReadOnlyList<ChatEvent> events, AskRequest? asked, CancellationToken cancellation)
    {
        fence ??= await log.Acquire(tenant, stream, cancellation);
        var batch = new AppendBatch
        {
            Fence = fence,
            At = events[0].At,
            Entries = [.. events.Select(e => Entry(e, asked))],
            OnceKey = asked?.OperationId is { } operation ? $"{stream}/{TenantKey.Escape(operation)}" : null,
        };
        switch (await log.Append(tenant, batch, cancellation))
        {
            case AppendOutcome.Committed { Conflicts: 0 } done:
                fence = done.Next;
                return null;
            case AppendOutcome.AlreadyDone before:
                return (await log.Read(tenant, before.Position - 1, 1, int.MaxValue, cancellation))[0].Version;
            case AppendOutcome.Fenced:
                throw new JournalLostException(superseded: true);
            default:
                throw new JournalLostException();
        }
    }

    /// <summary>Keeps every earlier activation from appending any more.</summary>
    public async Task Take(CancellationToken cancellation) => fence = await log.Acquire(tenant, stream, cancellation);

    private NewEntry Entry(ChatEvent happened, AskRequest? asked)
    {
        var payload = ChatEventFormat.Write(happened, asked);
        return new NewEntry(EntryType.Chat, stream, OwnStreams.ChatKey, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false, OnlyIfVersion: happened.Number - 1);
    }
}

/// <summary>What is in the log of a conversation is no longer what its activation knows.</summary>
/// <param name="superseded">Another activation owns the conversation, and nothing was appended.</param>
internal sealed class JournalLostException(bool superseded = false) : Exception("The conversation is owned by another activation, or an earlier append has an unknown outcome.")
{
    public bool Superseded => superseded;

    /// <summary>What the caller is told; asking again meets a fresh activation.</summary>
    public static RefusedException Refusal() => new(RefusalCode.Unavailable, "The conversation is being reloaded; try again.");
}
