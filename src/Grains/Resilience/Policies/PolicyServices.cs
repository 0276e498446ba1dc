using Microsoft.Extensions.DependencyInjection;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Policies and bulkheads, for silos and front ends alike: each process must be told the same options, and brings a <see cref="Random"/>.</summary>
public static class PolicyServices
{
    public static IServiceCollection AddPolicies(this IServiceCollection services, Action<PoliciesOptions>? configure = null, Action<BulkheadsOptions>? bounds = null)
    {
        services.AddBreakers();
        if (configure is not null)
            services.Configure(configure);
        if (bounds is not null)
            services.Configure(bounds);
        if (services.Any(service => service.ServiceType == typeof(Policies)))
            return services;
        services.AddOptions<PoliciesOptions>().Validate(static options => options.Wrong() is null, "PoliciesOptions: something cannot be meant.").ValidateOnStart();
        services.AddOptions<BulkheadsOptions>().Validate(static options => options.Wrong() is null, "BulkheadsOptions: something cannot be meant.").ValidateOnStart();
        services.AddSingleton<Bulkheads>();
        services.AddSingleton<Policies>();
        services.AddSingleton<IPolicies>(provider => provider.GetRequiredService<Policies>());
        services.AddSingleton<IBulkheads>(provider => new ToldBulkheads(provider.GetRequiredService<Bulkheads>(), provider.GetRequiredService<Policies>()));
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<Policies>());
        services.AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<Bulkheads>());
        return services;
    }

    // Bulkheads know nothing of replicas: whoever uses one says so here.
    private sealed class ToldBulkheads(Bulkheads inner, Policies policies) : IBulkheads
    {
        public ValueTask<BulkheadPlace> Enter(TenantId tenant, BulkheadKind kind, CancellationToken cancellation)
        {
            policies.Used(tenant);
            return inner.Enter(tenant, kind, cancellation);
        }

        public Operations.RefusedException? WhyFull(TenantId tenant, BulkheadKind kind) => inner.WhyFull(tenant, kind);

        public bool TryHold(TenantId tenant, long bytes) => inner.TryHold(tenant, bytes);

        public void GiveBack(TenantId tenant, long bytes) => inner.GiveBack(tenant, bytes);

        public Operations.RefusedException WhyNotHeld(TenantId tenant) => inner.WhyNotHeld(tenant);
    }
}
