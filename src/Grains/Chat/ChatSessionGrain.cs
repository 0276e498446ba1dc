using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>One conversation; the key is "tenant/session".</summary>
/// <remarks>What may happen next is decided in <see cref="ChatRules"/>, which is pure; <see cref="ChatSession"/> keeps the log and its followers in step.</remarks>
[InTenantPool]
internal sealed class ChatSessionGrain(ILogStore log, IErasureStore erasures, AnswererFactory answerers, TimeProvider time, ILogger<ChatSession> logger) : Grain, IChatSessionGrain, IChatSurroundings
{
    private TenantKey key;
    private ChatSession session = null!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TenantKey.Parse(this.GetPrimaryKeyString());
        session = new ChatSession(key.Tenant, key.Name ?? throw new FormatException("A conversation's key is tenant/session."), log, answerers.Make(), this, time, logger, () => answerers.Turn(key.Tenant));
        await session.Load(cancellationToken);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => session.Close();

    public Task<AskReceipt> Ask(AskRequest request) => session.Ask(request);

    public IAsyncEnumerable<ChatEvent> Events(long after, bool follow, CancellationToken cancellation) => session.Events(after, follow, cancellation);

    public Task<IReadOnlyList<ChatEvent>> EventsNow(long after, int limit) => session.EventsNow(after, limit);

    public Task<ChatView> View() => Task.FromResult(session.View);

    public Task<bool> Stop() => session.Stop();

    public Task Feedback(long questionNumber, int mark, string? reason) => session.Feedback(questionNumber, mark, reason);

    public Task<long> Erase() => session.Erase(() => erasures.RemoveChat(key.Tenant, key.Name!, CancellationToken.None));

    async Task IChatSurroundings.Announce(ChatView view)
    {
        using (CallerContext.For(key.Tenant))
            await GrainFactory.GetGrain<IChatDirectoryGrain>(TenantKey.Of(key.Tenant)).Touch(view);
    }

    void IChatSurroundings.Lost() => DeactivateOnIdle();
}
