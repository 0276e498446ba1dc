using Sophia.Operations;

namespace Sophia.Chat;

/// <summary>The newest conversations of one tenant; the key is the tenant. A convenience for people: what was said is in the log.</summary>
internal sealed class ChatDirectoryGrain([PersistentState("chats", Stores.Durable)] IPersistentState<ChatDirectoryState> stored) : Grain, IChatDirectoryGrain
{
    public Task<IReadOnlyList<ChatView>> List(int limit)
    {
        if (limit is < 1 or > ChatLimits.Directory)
            throw new RefusedException(RefusalCode.Invalid, $"The limit must be 1 to {ChatLimits.Directory:N0}.");
        return Task.FromResult<IReadOnlyList<ChatView>>(stored.State.Chats.Take(limit).ToArray());
    }

    public Task Touch(ChatView view) =>
        stored.CommitAsync(stored.State with { Chats = ChatDirectoryRules.Touch(stored.State.Chats, view) }, onFailure: DeactivateOnIdle);
}

internal static class ChatDirectoryRules
{
    /// <summary>Newest first, each conversation once, at most <see cref="ChatLimits.Directory"/>; a late report of an older moment changes nothing.</summary>
    public static IReadOnlyList<ChatView> Touch(IReadOnlyList<ChatView> chats, ChatView view)
    {
        if (chats.FirstOrDefault(c => c.Session == view.Session) is { } known && known.LastNumber > view.LastNumber)
            return chats;
        return chats.Where(c => c.Session != view.Session).Append(view).OrderByDescending(c => c.UpdatedAt).ThenBy(c => c.Session, StringComparer.Ordinal).Take(ChatLimits.Directory).ToArray();
    }
}

[GenerateSerializer, Alias("Sophia.ChatDirectoryState")]
internal sealed record ChatDirectoryState
{
    /// <summary>The format of this state.</summary>
    [Id(0)]
    public int Version { get; init; } = 1;

    [Id(1)]
    public IReadOnlyList<ChatView> Chats { get; init; } = [];
}
