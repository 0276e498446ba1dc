using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>Deletes one tenant and is its tombstone; the key is "system/ending/tenant".</summary>
/// <remarks>
/// Once told to, it goes on until nothing is left, whatever dies in between: each step is kept when it is done and may be done twice, and a reminder, or the sweeper at start, wakes this grain. What may happen when is
/// decided in <see cref="TenantEndRules"/>; the steps are <see cref="TenantEraser"/>'s, done beside this grain's calls.
/// </remarks>
internal sealed partial class TenantEndGrain(
    [PersistentState("ending", Stores.Durable)] IPersistentState<TenantEndState> stored,
    IEnumerable<ITenantMemory> memories, ILogStore log, ITenantGate gate, IOptions<TenantEndOptions> options, TimeProvider time, ILogger<TenantEndGrain> logger)
    : Grain, ITenantEndGrain, IRemindable
{
    private SteadyWork work = null!;
    private string? trouble;
    private TenantId tenant;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantEnd.Of(this.GetPrimaryKeyString()) ?? default;
        work = new SteadyWork(this, Goes, Step, Failed, time);
        work.Begin();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await work.Stop();
    }

    public async Task<TenantEndView> Delete(bool now, string by)
    {
        MustBeSystem();
        var at = time.GetUtcNow();
        var after = TenantEndRules.Schedule(stored.State, now, by, at, options.Value.Grace);
        if (!ReferenceEquals(after, stored.State))
        {
            var grain = GrainFactory.GetGrain<ITenantGrain>(TenantKey.Of(tenant));
            if (await grain.View() is null)
                throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");
            await new TenantAudit(log, tenant, time).Write("delete", by, $"at {after.DeletesAt.ToString("O", CultureInfo.InvariantCulture)}");
            await Become(TenantEndRules.Tells(stored.State));
            await grain.Suspend(TenantEndRules.WillBeDeleted(after.DeletesAt), by);
            await work.Remind();
            // Once more: its steps go on beside this call, and none may be taken back by it.
            await Save(TenantEndRules.Schedule(stored.State, now, by, at, options.Value.Grace));
            LogWanted(tenant.Value, after.DeletesAt, by);
        }
        work.Begin();
        return View(stored.State)!;
    }

    public async Task Keep(string by)
    {
        MustBeSystem();
        var grain = GrainFactory.GetGrain<ITenantGrain>(TenantKey.Of(tenant));
        var told = stored.State.Phase is null ? (await grain.View())?.SuspendedBecause : null;
        if (told is null)
            await Become(stored.State.Phase is null ? TenantEndRules.Said(stored.State) : stored.State); // Nothing is left that names a deletion.
        // At once: the next step would otherwise be done while the tenant is told that it is kept.
        await Become(TenantEndRules.Keep(stored.State, told));
        // The state says that all is not said yet: whoever died in between says it again, and it goes on here.
        if (told != TenantEndRules.TakenBack)
            await new TenantAudit(log, tenant, time).Write("keep", by, null);
        await grain.Suspend(TenantEndRules.TakenBack, by);
        await Become(TenantEndRules.Said(stored.State));
        await work.Forget();
        LogKept(tenant.Value, by);
    }

    public Task<TenantEndView?> View()
    {
        MustBeSystem();
        return Task.FromResult(View(stored.State));
    }

    public async Task Free(string by)
    {
        MustBeSystem();
        var after = TenantEndRules.Free(stored.State, tenant);
        await GrainFactory.GetGrain<ITenantDirectoryGrain>(TenantKey.System).Free(tenant);
        await gate.Refresh();
        if (!ReferenceEquals(after, stored.State))
            await Save(after);
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        work.Begin();
        return stored.State.Phase is null or TenantEndPhase.Deleted ? work.Forget() : Task.CompletedTask;
    }

    private TimeSpan? Wait() => TenantEndRules.Wait(stored.State, time.GetUtcNow(), options.Value.CloseFor);

    private bool Goes() => Wait() <= SteadyWork.RemindEvery;

    private async Task Step(CancellationToken cancellation)
    {
        using var _ = CallerContext.ForSystem("deletion of a tenant");
        DelayDeactivation(SteadyWork.RemindEvery * 2);
        if (Wait() is { } wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellation);
            return;
        }
        ITenantMemory[] all = [.. memories.OrderBy(memory => memory.Name, StringComparer.Ordinal)];
        var before = stored.State;
        var after = await new TenantEraser(tenant, all, new TenantActivations(GrainFactory), GrainFactory, gate, log, time).Step(before, cancellation);
        if (!ReferenceEquals(before, stored.State))
            return; // It was taken back, or wanted sooner, meanwhile.
        await Save(after);
        trouble = null;
        LogStep(tenant.Value, after.Phase!.Value);
    }

    private void Failed(Exception failure)
    {
        trouble = failure.Message;
        LogTrouble(tenant.Value, stored.State.Phase, failure);
    }

    private TenantEndView? View(TenantEndState state) => TenantEndRules.View(state, tenant, trouble);

    private Task Become(TenantEndState after) => ReferenceEquals(after, stored.State) ? Task.CompletedTask : Save(after);

    private Task Save(TenantEndState after) => stored.CommitAsync(after, onFailure: DeactivateOnIdle);

    private void MustBeSystem()
    {
        if (CallerContext.SystemReason is null || tenant.Value is null)
            throw new RefusedException(RefusalCode.Forbidden, SystemCall.NotYours);
    }

    [LoggerMessage(4030, LogLevel.Warning, "Tenant {Tenant} will be deleted at {At:O}; {By} wants it")]
    private partial void LogWanted(string tenant, DateTimeOffset at, string by);

    [LoggerMessage(4031, LogLevel.Warning, "Tenant {Tenant} will not be deleted; {By} took it back")]
    private partial void LogKept(string tenant, string by);

    [LoggerMessage(4032, LogLevel.Information, "Deletion of tenant {Tenant}: {Phase}")]
    private partial void LogStep(string tenant, TenantEndPhase phase);

    [LoggerMessage(4033, LogLevel.Error, "Deletion of tenant {Tenant} ({Phase}) failed and is tried again")]
    private partial void LogTrouble(string tenant, TenantEndPhase? phase, Exception failure);
}
