namespace Sophia.Chat;

/// <summary>Which conversations are listed, and which are on their way out. Pure.</summary>
internal static class ChatDirectoryRules
{
    /// <summary>Newest first, each conversation once, at most <see cref="ChatLimits.Directory"/>; a late report of an older moment, or of one that is being deleted, changes nothing.</summary>
    public static ChatDirectoryState Touch(ChatDirectoryState state, ChatView? view) =>
        view is null || state.Going.Any(one => one.Session == view.Session) ? state : state with { Chats = Touch(state.Chats, view) };

    public static IReadOnlyList<ChatView> Touch(IReadOnlyList<ChatView> chats, ChatView view) => Touch(chats, [view]);

    /// <param name="views">Each of another conversation.</param>
    private static IReadOnlyList<ChatView> Touch(IReadOnlyList<ChatView> chats, IReadOnlyCollection<ChatView> views)
    {
        var newer = views.ToDictionary(view => view.Session, StringComparer.Ordinal);
        foreach (var known in chats)
            if (newer.TryGetValue(known.Session, out var view) && known.LastNumber > view.LastNumber)
                newer.Remove(known.Session);
        return newer.Count == 0 ? chats
            : chats.Where(chat => !newer.ContainsKey(chat.Session)).Concat(newer.Values).OrderByDescending(chat => chat.UpdatedAt).ThenBy(chat => chat.Session, StringComparer.Ordinal).Take(ChatLimits.Directory).ToArray();
    }

    /// <summary>What the conversation itself says of one that the list has as being answered; one that is not there any more goes. Nothing where the list knows something newer by now.</summary>
    /// <param name="listed">As it was when the conversation was asked.</param>
    public static ChatDirectoryState Heal(ChatDirectoryState state, ChatView listed, ChatView view) =>
        !state.Chats.Contains(listed) ? state : Touch(state with { Chats = [.. state.Chats.Where(chat => chat != listed)] }, view.LastNumber == 0 ? null : view);

    /// <summary>Conversations that the list has as being answered for longer than an answer takes: nobody has told it of the end.</summary>
    public static IEnumerable<ChatView> Stuck(IEnumerable<ChatView> listed, DateTimeOffset now) => listed.Where(chat => chat.Answering && now - chat.UpdatedAt > ChatLimits.AnswerTime).Take(ChatLimits.HealedAtOnce);

    /// <summary>What is on the disk, from the whole list and what was written after it.</summary>
    public static ChatDirectoryState Together(ChatDirectoryState whole, ChatTouchesState touches) =>
        touches.Generation != whole.Generation ? whole : whole with { Chats = Touch(whole.Chats, touches.Chats) };

    /// <summary>The conversations to be written after the whole list so that both together are the newer one; null: the whole has to be written anew.</summary>
    public static IReadOnlyList<ChatView>? Touches(ChatDirectoryState whole, ChatDirectoryState newer)
    {
        if (newer with { Chats = whole.Chats, Generation = whole.Generation } != whole)
            return null;
        var known = whole.Chats.ToHashSet();
        ChatView[] touched = [.. newer.Chats.Where(chat => !known.Contains(chat))];
        return touched.Length <= ChatLimits.Touches && Touch(whole.Chats, touched).SequenceEqual(newer.Chats) ? touched : null;
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

    /// <summary>How often this was written: what <see cref="ChatTouchesState"/> says of an earlier one is in it already.</summary>
    [Id(5)]
    public long Generation { get; init; }
}

/// <summary>Conversations that were touched since the whole list was written. Two of them a question are some kilobytes; the whole list, 200 KB.</summary>
[GenerateSerializer, Alias("Sophia.ChatTouchesState")]
internal sealed record ChatTouchesState
{
    /// <summary>The format of this state.</summary>
    [Id(0)]
    public int Version { get; init; } = 1;

    /// <summary>The whole list that they come after.</summary>
    [Id(1)]
    public long Generation { get; init; }

    [Id(2)]
    public IReadOnlyList<ChatView> Chats { get; init; } = [];
}

/// <summary>A conversation that is to go: by whose wish, and since when.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.DeletedChat")]
internal sealed record DeletedChat([property: Id(0)] string Session, [property: Id(1)] string By, [property: Id(2)] DateTimeOffset At);
