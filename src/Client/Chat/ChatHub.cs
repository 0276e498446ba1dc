using Microsoft.AspNetCore.SignalR;
using Sophia.Knowledge;
using Sophia.Pipelines;

namespace Sophia.Chat;

/// <summary>What the hub tells its clients unasked.</summary>
public interface IChatClient
{
    /// <summary>Another connection of the tenant asked something.</summary>
    Task ConversationChanged(ChatView view);
}

/// <summary>Conversations for programs and pages. The contract is docs/hub.md; the tenant is the caller's, never an argument.</summary>
public sealed class ChatHub(IGrainFactory grains, IFeatures features, TimeProvider time, ILogger<ChatHub> logger) : Hub<IChatClient>
{
    public const string Path = ApiKeyHandler.HubPath;

    /// <summary>What the call under way holds of limits on how much is under way; a stream takes it over.</summary>
    internal HeldPlaces? Held { get; set; }

    private TenantId Tenant => Context.User!.Caller().Tenant;

    public override Task OnConnectedAsync() => Groups.AddToGroupAsync(Context.ConnectionId, Group);

    /// <summary>Stores a question and answers with its number; the answer comes through <see cref="Events"/>.</summary>
    public async Task<AskReceipt> Ask(string session, string text, SearchFilter? filter, string? operationId)
    {
        var grain = grains.Conversation(Tenant, session);
        var receipt = await grain.Ask(new AskRequest(text ?? "", filter, operationId ?? ChatEdge.NewOperation()));
        await Clients.OthersInGroup(Group).ConversationChanged(await grain.View());
        return receipt;
    }

    /// <summary>Events after a number; the stream ends with the answer under way.</summary>
    public IAsyncEnumerable<ChatEvent> Events(string session, long after, CancellationToken cancellation) => Feed(session, after, false, cancellation);

    /// <summary>Events after a number, and every later one, until the client ends the stream.</summary>
    public IAsyncEnumerable<ChatEvent> Follow(string session, long after, CancellationToken cancellation) => Feed(session, after, true, cancellation);

    public Task<bool> Stop(string session) => grains.Conversation(Tenant, session).Stop();

    /// <summary>A mark is -1, or 1 to 5.</summary>
    public Task Feedback(string session, long question, int mark, string? reason) => grains.Conversation(Tenant, session).Feedback(question, mark, reason);

    public Task<IReadOnlyList<ChatView>> Conversations(int limit) => grains.GetGrain<IChatDirectoryGrain>(TenantKey.Of(Tenant)).List(limit);

    /// <summary>The newest runs of every pipeline as they are now, then each one again whenever it changes.</summary>
    public IAsyncEnumerable<RunView> WatchRuns(CancellationToken cancellation) => Counted(new RunFeed(grains, time).Read(Tenant, cancellation), cancellation);

    /// <summary>What is offered to the tenant now, then again whenever that changes.</summary>
    public IAsyncEnumerable<DegradationNews> WatchDegradation(CancellationToken cancellation) => Counted(new DegradationFeed(features, time).Read(Tenant, cancellation), cancellation);

    /// <summary>The tenant's own breakers as they are now, then each one again whenever it changes.</summary>
    public IAsyncEnumerable<BreakerNews> WatchBreakers(CancellationToken cancellation) => Counted(new BreakerFeed(grains, time).Read(Tenant, cancellation), cancellation);

    private string Group => $"tenant:{Tenant}";

    private IAsyncEnumerable<ChatEvent> Feed(string session, long after, bool follow, CancellationToken cancellation) =>
        Counted(new ChatFeed(grains, time).Read(Tenant, session, after, follow, cancellation), cancellation);

    private IAsyncEnumerable<T> Counted<T>(IAsyncEnumerable<T> stream, CancellationToken cancellation)
    {
        var held = Held;
        Held = null;
        return HubStreams.Of(Context, time, logger).Bounded(stream, held, cancellation);
    }
}
