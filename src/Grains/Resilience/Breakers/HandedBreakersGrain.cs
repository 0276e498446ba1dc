using Orleans.Concurrency;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Asks this silo's breakers for a tenant's programs, and keeps what they were given until it is reported on.</summary>
/// <remarks>Reentrant, because who waits for a probe must not keep others from reporting how theirs went; nothing is read before a wait and used after it.</remarks>
[InTenantPool]
[Reentrant]
internal sealed class HandedBreakersGrain(IBreakers breakers, TimeProvider time) : Grain, IHandedBreakersGrain
{
    private readonly Dictionary<long, (string Dependency, BreakerPermit Permit)> given = [];
    private readonly Queue<(long Number, DateTimeOffset Until)> inOrder = [];
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private TenantId tenant;
    private long last;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        last = time.GetUtcNow().UtcTicks; // A permit of an earlier activation is none of this one's.
        return Task.CompletedTask;
    }

    public async Task<HandedEntry> Enter(string dependency, CancellationToken cancellation)
    {
        await MustBeOwn(dependency);
        var entry = await breakers.For(tenant, dependency).Enter(cancellation);
        if (entry.IsRefused)
            return new HandedEntry(null, null, entry.Refusal.Reason, entry.Refusal.Text, entry.Refusal.RetryAt);
        var now = time.GetUtcNow();
        Forget(now);
        if (given.Count >= HandedBreakers.MostPermits)
        {
            entry.Permit.Report(CallOutcome.Abandoned);
            throw new RefusedException(RefusalCode.Busy, $"{HandedBreakers.MostPermits:N0} permits of this tenant wait for their report, as many as may.", retryAt: inOrder.Peek().Until);
        }
        var until = now + HandedBreakers.KeptFor;
        given[++last] = (dependency, entry.Permit);
        inOrder.Enqueue((last, until));
        return new HandedEntry(last, until, null, null, null);
    }

    public Task<bool> Report(string dependency, long permit, CallOutcome outcome, TimeSpan? took)
    {
        Forget(time.GetUtcNow());
        if (!given.TryGetValue(permit, out var held) || held.Dependency != dependency)
            return Task.FromResult(false);
        given.Remove(permit);
        if (took is { } span)
            held.Permit.Report(outcome, span);
        else
            held.Permit.Report(outcome);
        return Task.FromResult(true);
    }

    private async Task MustBeOwn(string dependency)
    {
        if (!HandedBreakers.IsName(dependency))
            throw new RefusedException(RefusalCode.Invalid, $"A program's breaker is called {HandedBreakers.Prefix}NAME, of a to z, 0 to 9 and '-', {HandedBreakers.MostCharacters} characters at most.");
        if (known.Contains(dependency))
            return;
        foreach (var name in await GrainFactory.GetGrain<IBreakerDirectoryGrain>(TenantKey.Of(tenant)).List())
            if (HandedBreakers.IsName(name))
                known.Add(name);
        if (!known.Contains(dependency) && known.Count >= HandedBreakers.MostBreakers)
            throw new RefusedException(RefusalCode.Conflict, $"This tenant has {HandedBreakers.MostBreakers} breakers of programs, as many as it may.");
        known.Add(dependency);
    }

    private void Forget(DateTimeOffset now)
    {
        while (inOrder.TryPeek(out var oldest) && (oldest.Until <= now || !given.ContainsKey(oldest.Number)))
            given.Remove(inOrder.Dequeue().Number);
    }
}
