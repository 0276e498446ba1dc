using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Gathers what processes see of an owner's policies and bulkheads; the key is the tenant, or "system".</summary>
/// <remarks>Only what was said within half a minute is shown: a process that ended, and a tenant that nobody served, are gone by then. Nothing of it is state.</remarks>
[InTenantPool]
internal sealed class PolicyGrain(IOptionsMonitor<PoliciesOptions> policies, IOptionsMonitor<BulkheadsOptions> bulkheads, TimeProvider time) : Grain, IPolicyGrain
{
    private static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(15);

    private readonly SortedDictionary<string, (string Name, PolicyReport Report)> said = new(StringComparer.Ordinal);
    private ReplicaSubscribers subscribers = null!;
    private long epoch;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        epoch = time.GetUtcNow().UtcTicks;
        subscribers = new ReplicaSubscribers(PolicyKind.Kind, this.GetPrimaryKeyString(), time);
        return Task.CompletedTask;
    }

    public Task<ReplicaAnswer> Exchange(ReplicaExchange exchange, CancellationToken cancellation)
    {
        SystemCall.MustBe();
        subscribers.Subscribe(exchange);
        if (exchange.Report is { } report)
            said[exchange.Process] = (exchange.Name, PolicyKind.ReadReport(report));
        return Task.FromResult(new ReplicaAnswer(exchange.KnownEpoch == epoch ? null : new ReplicaCopy(epoch, 1, "{}"u8.ToArray()), LeaseFor));
    }

    public Task<PoliciesView> View()
    {
        var living = subscribers.Living.Select(one => one.Process).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in said.Keys.Where(process => !living.Contains(process)).ToList())
            said.Remove(gone);
        var owner = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        return Task.FromResult(PolicyViews.Of(owner, [.. said.Values], policies.CurrentValue, bulkheads.CurrentValue.Of(owner)));
    }
}
