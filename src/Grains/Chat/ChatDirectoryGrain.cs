using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>The newest conversations of one tenant; the key is the tenant. A convenience for people: what was said is in the log. And who deletes: what is to go is remembered here until it is gone.</summary>
/// <remarks>Every question of a tenant comes by here twice. Reports interleave, so that those that come while a write is under way share the next one;
/// one write each would fall behind, time out, be repeated, and fall further behind.</remarks>
[Reentrant, InTenantPool]
internal sealed partial class ChatDirectoryGrain(
    [PersistentState("chats", Stores.Durable)] IPersistentState<ChatDirectoryState> stored,
    ILogStore log, IErasureStore erasures, ITenantGate gate, IEnumerable<ITenantMemory> memories, IIdempotencyStore answers, TimeProvider time, ILogger<ChatDirectoryGrain> logger) : Grain, IChatDirectoryGrain, IRemindable
{
    private SteadyWork work = null!;
    private ChatDirectoryState? newest;
    private long reported, written;
    private Task writing = Task.CompletedTask, auditing = Task.CompletedTask;
    private TenantId tenant;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        work = new SteadyWork(this, Goes, Step, failure => LogTrouble(tenant.Value, failure), time);
        work.Begin();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await work.Stop();
    }

    public Task<IReadOnlyList<ChatView>> List(int limit)
    {
        if (limit is < 1 or > ChatLimits.Directory)
            throw new RefusedException(RefusalCode.Invalid, $"The limit must be 1 to {ChatLimits.Directory:N0}.");
        return Task.FromResult<IReadOnlyList<ChatView>>(stored.State.Chats.Take(limit).ToArray());
    }

    public Task Touch(ChatView view) => Change(state => ChatDirectoryRules.Touch(state, view));

    public Task<bool> Deleting() => Task.FromResult(ChatDirectoryRules.Goes(stored.State));

    public async Task<bool> Delete(string session, string by)
    {
        if (!TenantId.IsName(session) || (stored.State.Going.All(one => one.Session != session) && await Session(session).View() is { LastNumber: 0 }))
            return false;
        await work.Remind();
        await Change(state => ChatDirectoryRules.Delete(state, session, by, time.GetUtcNow()));
        try
        {
            await Remove(stored.State.Going.FirstOrDefault(one => one.Session == session));
        }
        finally
        {
            work.Begin();
        }
        return true;
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        work.Begin();
        if (!ChatDirectoryRules.Goes(stored.State))
            await work.Forget();
    }

    private IChatSessionGrain Session(string session) => GrainFactory.GetGrain<IChatSessionGrain>(TenantKey.Of(tenant, session));

    private bool Goes() => ChatDirectoryRules.Goes(stored.State) && gate.Because(tenant) is null;

    private async Task Step(CancellationToken cancellation)
    {
        using var _ = CallerContext.For(tenant);
        DelayDeactivation(SteadyWork.RemindEvery * 2);
        if (stored.State.Going is [var next, ..])
            await Remove(next);
        else
            await Clean();
    }

    // Each may be done twice: two callers, or a crash in between, do no harm.
    private async Task Remove(DeletedChat? chat)
    {
        if (chat is null)
            return;
        await Audit(chat);
        var events = await Session(chat.Session).Erase();
        await Change(state => ChatDirectoryRules.Removed(state, chat));
        LogDeleted(tenant.Value, chat.Session, events, chat.By);
    }

    // Every entry takes the audit's fence anew: several at once would push each other out, and refuse deletions that go through.
    private async Task Audit(DeletedChat chat)
    {
        while (!auditing.IsCompleted)
            await Task.WhenAny(auditing);
        await (auditing = new ChatAudit(log, tenant, time).Deleted(chat));
    }

    private async Task Clean()
    {
        var cleaned = stored.State.Removals;
        await new ErasureCopies(tenant, TellAll, gate, memories, answers, time).Forget(work.Lifetime);
        await erasures.Scrub(tenant, work.Lifetime);
        await Change(state => state with { Cleaned = Math.Max(state.Cleaned, cleaned) });
    }

    private async Task TellAll()
    {
        using var _ = CallerContext.ForSystem("deletion of a conversation");
        await GrainFactory.GetGrain<ITenantDirectoryGrain>(TenantKey.System).Forget(tenant);
    }

    private async Task Change(Func<ChatDirectoryState, ChatDirectoryState> change)
    {
        newest = change(newest ?? stored.State);
        for (var number = ++reported; written < number;)
            if (writing.IsCompleted)
                await (writing = Write());
            else
                await Task.WhenAny(writing);
    }

    private async Task Write()
    {
        var upTo = reported;
        await stored.CommitAsync(newest!, onFailure: DeactivateOnIdle);
        written = upTo;
    }

    [LoggerMessage(7010, LogLevel.Warning, "Tenant {Tenant}: the conversation {Session} is deleted, {Events} events; {By} wants it")]
    private partial void LogDeleted(string tenant, string session, long events, string by);

    [LoggerMessage(7011, LogLevel.Error, "Tenant {Tenant}: a deleted conversation is not gone everywhere yet; tried again")]
    private partial void LogTrouble(string tenant, Exception failure);
}
