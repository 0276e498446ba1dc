using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Security;

namespace Sophia.Tenants;

/// <summary>This process's copy of who is suspended or deleted: pushed when it changes, confirmed every 2 s, and good for <see cref="ITenantGate.CountsFor"/> without that.</summary>
/// <remarks>Its parts are asked for when they are needed and not at construction: the filters before the grains ask this, so it is there before they are.</remarks>
internal sealed class TenantGate(IServiceProvider services, IHostApplicationLifetime host, TimeProvider time) : IHostedService, ITenantGate, IReplicaUser<TenantSuspensions>
{
    private static readonly TimeSpan WaitsFor = TimeSpan.FromSeconds(2), AskedEvery = TimeSpan.FromSeconds(1);

    private readonly Lock asking = new();
    private Known known = new(-1, new Dictionary<TenantId, TenantSuspension>());
    private volatile Replica<TenantSuspensions>? replica;
    private volatile Moment? confirmed;
    private CancellationTokenRegistration starting;
    private (Task Answer, long At)? asked;

    private bool IsCurrent
    {
        get
        {
            var now = time.GetTimestamp();
            return (replica is { Copy: { } copy } truth && copy.Version <= known.Version && !truth.IsStaleAt(now)) || (confirmed is { } last && time.GetElapsedTime(last.At, now) <= ITenantGate.CountsFor);
        }
    }

    public string? Because(TenantId tenant) => !known.Tenants.TryGetValue(tenant, out var one) ? null : one.Ended ? "This tenant is deleted." : $"This tenant is suspended: {one.Because}";

    public bool IsOpen(TenantId tenant) => IsCurrent && Because(tenant) is null;

    public bool IsEnded(TenantId tenant) => known.Tenants.TryGetValue(tenant, out var one) && one.Ended;

    public ValueTask MustBeOpen(TenantId tenant) => !IsCurrent ? AskFirst(tenant)
        : Because(tenant) is { } because ? ValueTask.FromException(new RefusedException(RefusalCode.Forbidden, because)) : ValueTask.CompletedTask;

    public async Task Refresh()
    {
        using var _ = CallerContext.ForSystem("list of suspended tenants");
        var sent = time.GetTimestamp();
        Apply(await services.GetRequiredService<IGrainFactory>().GetGrain<ITenantDirectoryGrain>(TenantKey.System).Suspensions());
        confirmed = new Moment(sent);
    }

    /// <summary>From the start of the process on, whether anybody asks or not: what ended is to be forgotten.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        starting = host.ApplicationStarted.Register(() => (replica = services.GetRequiredService<Replicas>().Get(TenantsKind.Singleton, TenantKey.System)).Attach(this));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        starting.Dispose();
        return Task.CompletedTask;
    }

    public byte[]? Report() => null;

    public void Received(TenantSuspensions copy, TimeSpan age) => Apply(copy);

    private async ValueTask AskFirst(TenantId tenant)
    {
        // On with the caller's own turn, answered or not.
        await Ask().WaitAsync(WaitsFor, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (Because(tenant) is { } because)
            throw new RefusedException(RefusalCode.Forbidden, because);
        if (!IsCurrent)
            throw new RefusedException(RefusalCode.Unavailable, "Whether this tenant is suspended cannot be found out just now. Ask again.", retryAt: time.GetUtcNow() + AskedEvery);
    }

    /// <summary>One question for all that wait, which is nobody's own: who asked first may be gone before the answer. It ends well, whatever became of it.</summary>
    private Task Ask()
    {
        lock (asking)
        {
            var now = time.GetTimestamp();
            if (asked is not { } last || (last.Answer.IsCompleted && time.GetElapsedTime(last.At, now) >= AskedEvery))
            {
                var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                ThreadPool.UnsafeQueueUserWorkItem(static at => at.Gate.Ask(at.Answer), (Gate: this, Answer: answer), preferLocal: false);
                asked = (answer.Task, now);
            }
            return asked.Value.Answer;
        }
    }

    private async void Ask(TaskCompletionSource answer)
    {
        var sent = time.GetTimestamp();
        try
        {
            await Refresh();
        }
        catch (RefusedException refused) when (OtherReleases.IsSaidBy(refused))
        {
            confirmed = new Moment(sent); // The list is with a silo of the last release, which can suspend nobody.
        }
        catch (Exception)
        {
            // That the list cannot be had is said by the exchange, which goes on trying.
        }
        answer.SetResult();
    }

    private void Apply(TenantSuspensions told)
    {
        Known before;
        do
        {
            before = known;
            if (told.Version <= before.Version)
                return;
        }
        while (Interlocked.CompareExchange(ref known, new Known(told.Version, told.Tenants.ToDictionary(one => one.Tenant)), before) != before);
        foreach (var ended in told.Tenants.Where(one => one.Ended && !(before.Tenants.TryGetValue(one.Tenant, out var was) && was.Ended)))
            foreach (var copy in services.GetServices<ITenantCopies>())
                copy.Forget(ended.Tenant);
        foreach (var tenant in TenantRules.ToForget(told, before.Version))
            foreach (var copy in services.GetServices<ITenantCopies>().Where(copy => copy.HoldsRecords))
                copy.Forget(tenant);
    }

    private sealed record Known(long Version, IReadOnlyDictionary<TenantId, TenantSuspension> Tenants);

    private sealed record Moment(long At);
}
