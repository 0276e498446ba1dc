namespace Sophia.Chat;

/// <summary>Which conversations are listed, and which are on their way out. Pure.</summary>
internal static class ChatDirectoryRules
{
    /// <summary>Newest first, each conversation once, at most <see cref="ChatLimits.Directory"/>; a late report of an older moment, or of one that is being deleted, changes nothing.</summary>
    public static ChatDirectoryState Touch(ChatDirectoryState state, ChatView view) =>
        state.Going.Any(one => one.Session == view.Session) ? state : state with { Chats = Touch(state.Chats, view) };

    public static IReadOnlyList<ChatView> Touch(IReadOnlyList<ChatView> chats, ChatView view)
    {
        if (chats.FirstOrDefault(c => c.Session == view.Session) is { } known && known.LastNumber > view.LastNumber)
            return chats;
        return chats.Where(c => c.Session != view.Session).Append(view).OrderByDescending(c => c.UpdatedAt).ThenBy(c => c.Session, StringComparer.Ordinal).Take(ChatLimits.Directory).ToArray();
    }

    /// <summary>It is listed no more, and its title with it; who wanted that first is remembered.</summary>
    public static ChatDirectoryState Delete(ChatDirectoryState state, string session, string by, DateTimeOffset at) => state with
    {
        Chats = [.. state.Chats.Where(chat => chat.Session != session)],
        Going = state.Going.Any(one => one.Session == session) ? state.Going : [.. state.Going, new DeletedChat(session, by, at)],
    };

    /// <summary>Its events are out of the log. Files and copies are still to be cleaned.</summary>
    public static ChatDirectoryState Removed(ChatDirectoryState state, DeletedChat chat) =>
        state.Going.Contains(chat) ? state with { Going = [.. state.Going.Where(one => one != chat)], Removals = state.Removals + 1 } : state;

    /// <summary>Whether there is something to do.</summary>
    public static bool Goes(ChatDirectoryState state) => state.Going.Count > 0 || state.Cleaned < state.Removals;
}

[GenerateSerializer, Alias("Sophia.ChatDirectoryState")]
internal sealed record ChatDirectoryState
{
    /// <summary>The format of this state.</summary>
    [Id(0)]
    public int Version { get; init; } = 1;

    [Id(1)]
    public IReadOnlyList<ChatView> Chats { get; init; } = [];

    /// <summary>Conversations that are to be removed from the log.</summary>
    [Id(2)]
    public IReadOnlyList<DeletedChat> Going { get; init; } = [];

    /// <summary>How many were removed from it.</summary>
    [Id(3)]
    public long Removals { get; init; }

    /// <summary>Of how many removals files and copies hold nothing any more.</summary>
    [Id(4)]
    public long Cleaned { get; init; }
}

/// <summary>A conversation that is to go: by whose wish, and since when.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.DeletedChat")]
internal sealed record DeletedChat([property: Id(0)] string Session, [property: Id(1)] string By, [property: Id(2)] DateTimeOffset At);
