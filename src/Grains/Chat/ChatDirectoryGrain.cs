using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>The newest conversations of one tenant; the key is the tenant. A convenience for people: what was said is in the log. And who deletes: what is to go is remembered here until it is gone.</summary>
/// <remarks>Every question of a tenant comes by here twice. Reports interleave, so that those that come while a write is under way share the next one;
/// one write each would fall behind, time out, be repeated, and fall further behind. What changed since the list was written stands beside it, until there is so much of it that the whole is written anew.</remarks>
[Reentrant, InTenantPool]
internal sealed partial class ChatDirectoryGrain(
    [PersistentState("chats", Stores.Durable)] IPersistentState<ChatDirectoryState> stored,
    [PersistentState("chat-touches", Stores.Durable)] IPersistentState<ChatTouchesState> touches,
    ILogStore log, IErasureStore erasures, ITenantGate gate, IEnumerable<ITenantMemory> memories, IIdempotencyStore answers, TimeProvider time, ILogger<ChatDirectoryGrain> logger) : Grain, IChatDirectoryGrain, IRemindable
{
    private SteadyWork work = null!;
    private ChatDirectoryState kept = new(), newest = new();
    private long reported, written;
    private Task writing = Task.CompletedTask, auditing = Task.CompletedTask;
    private TenantId tenant;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        kept = newest = ChatDirectoryRules.Together(stored.State, touches.State);
        work = new SteadyWork(this, Goes, Step, failure => LogTrouble(tenant.Value, failure), time);
        work.Begin();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await work.Stop();
    }

    public async Task<IReadOnlyList<ChatView>> List(int limit)
    {
        if (limit is < 1 or > ChatLimits.Directory)
            throw new RefusedException(RefusalCode.Invalid, $"The limit must be 1 to {ChatLimits.Directory:N0}.");
        if (ChatDirectoryRules.Stuck(kept.Chats.Take(limit), time.GetUtcNow()).ToArray() is { Length: > 0 } stuck)
            await Heal(stuck);
        return kept.Chats.Take(limit).ToArray();
    }

    public Task Touch(ChatView view) => Change(state => ChatDirectoryRules.Touch(state, view));

    public Task<bool> Deleting() => Task.FromResult(ChatDirectoryRules.Goes(kept));

    public async Task<bool> Delete(string session, string by)
    {
        if (!TenantId.IsName(session) || (kept.Going.All(one => one.Session != session) && await Session(session).View() is { LastNumber: 0 }))
            return false;
        await work.Remind();
        await Change(state => ChatDirectoryRules.Delete(state, session, by, time.GetUtcNow()));
        try
        {
            await Remove(kept.Going.FirstOrDefault(one => one.Session == session));
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
        if (!ChatDirectoryRules.Goes(kept))
            await work.Forget();
    }

    private IChatSessionGrain Session(string session) => GrainFactory.GetGrain<IChatSessionGrain>(TenantKey.Of(tenant, session));

    private bool Goes() => ChatDirectoryRules.Goes(kept) && gate.Because(tenant) is null;

    private async Task Step(CancellationToken cancellation)
    {
        using var _ = CallerContext.For(tenant);
        DelayDeactivation(SteadyWork.RemindEvery * 2);
        if (kept.Going is [var next, ..])
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
        var cleaned = kept.Removals;
        await Change(static state => state); // Nothing of them stands beside the list.
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
        newest = change(newest);
        for (var number = ++reported; written < number;)
            if (writing.IsCompleted)
                await (writing = Write());
            else
                await Task.WhenAny(writing);
    }

    private async Task Write()
    {
        var (upTo, after) = (reported, newest);
        await ClearOld();
        if (ChatDirectoryRules.Touches(stored.State, after) is { } touched)
            await touches.CommitAsync(new ChatTouchesState { Generation = stored.State.Generation, Chats = touched }, onFailure: DeactivateOnIdle);
        else
        {
            await stored.CommitAsync(after with { Generation = stored.State.Generation + 1 }, onFailure: DeactivateOnIdle);
            await ClearOld();
        }
        (kept, written) = (after, upTo);
    }

    // They are in the list; titles of deleted conversations may stand in them.
    private Task ClearOld() => touches.State.Chats.Count == 0 || touches.State.Generation == stored.State.Generation ? Task.CompletedTask
        : touches.CommitAsync(new ChatTouchesState { Generation = stored.State.Generation }, onFailure: DeactivateOnIdle);

    // Whoever should have told the list of the end may have died before. Asked, a conversation wakes, ends what was cut off, and says how it is.
    private async Task Heal(IReadOnlyList<ChatView> stuck)
    {
        using var _ = CallerContext.For(tenant);
        try
        {
            await Task.WhenAll(stuck.Select(Heal)).WaitAsync(ChatLimits.HealWithin, time);
        }
        catch (TimeoutException)
        {
            // They go on beside the list.
        }
    }

    private async Task Heal(ChatView listed)
    {
        try
        {
            if (await Session(listed.Session).View() is var view && view != listed)
                await Change(state => ChatDirectoryRules.Heal(state, listed, view));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogUnhealed(tenant.Value, listed.Session, failure.Message);
        }
    }

    [LoggerMessage(7010, LogLevel.Warning, "Tenant {Tenant}: the conversation {Session} is deleted, {Events} events; {By} wants it")]
    private partial void LogDeleted(string tenant, string session, long events, string by);

    [LoggerMessage(7012, LogLevel.Information, "Tenant {Tenant}: the conversation {Session} is listed as being answered, and could not be asked: {Reason}")]
    private partial void LogUnhealed(string tenant, string session, string reason);

    [LoggerMessage(7011, LogLevel.Error, "Tenant {Tenant}: a deleted conversation is not gone everywhere yet; tried again")]
    private partial void LogTrouble(string tenant, Exception failure);
}
