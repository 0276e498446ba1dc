using Sophia.Operations;

namespace Sophia.Chat;

/// <summary>The newest conversations of one tenant; the key is the tenant. A convenience for people: what was said is in the log.</summary>
/// <remarks>Every question of a tenant comes by here twice. Reports interleave, so that those that come while a write is under way share the next one;
/// one write each would fall behind, time out, be repeated, and fall further behind.</remarks>
[Reentrant, InTenantPool]
internal sealed class ChatDirectoryGrain([PersistentState("chats", Stores.Durable)] IPersistentState<ChatDirectoryState> stored) : Grain, IChatDirectoryGrain
{
    private IReadOnlyList<ChatView>? newest;
    private long reported, written;
    private Task writing = Task.CompletedTask;

    public Task<IReadOnlyList<ChatView>> List(int limit)
    {
        if (limit is < 1 or > ChatLimits.Directory)
            throw new RefusedException(RefusalCode.Invalid, $"The limit must be 1 to {ChatLimits.Directory:N0}.");
        return Task.FromResult<IReadOnlyList<ChatView>>(stored.State.Chats.Take(limit).ToArray());
    }

    public async Task Touch(ChatView view)
    {
        newest = ChatDirectoryRules.Touch(newest ?? stored.State.Chats, view);
        for (var number = ++reported; written < number;)
            if (writing.IsCompleted)
                await (writing = Write());
            else
                await Task.WhenAny(writing);
    }

    private async Task Write()
    {
        var upTo = reported;
        await stored.CommitAsync(stored.State with { Chats = newest! }, onFailure: DeactivateOnIdle);
        written = upTo;
    }
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
