namespace Sophia.Pages;

/// <summary>A page that the navigation names. OfSystem: only who has this role or a higher one in the system's tenant is shown it; null: everybody.</summary>
internal sealed record Place(string Name, string Path, TenantRole? OfSystem = null)
{
    private static readonly Place[] All =
    [
        new("Ask", "/"),
        new("Search", "/search"),
        new("Records", "/records"),
        new("Pipelines", "/pipelines"),
        new("Quarantine", "/quarantine"),
        new("Profiles", "/profiles"),
        new("Queues", "/queues"),
        new("Breakers", "/breakers"),
        new("Domains", "/domains"),
        new("Degradation", "/degradation"),
        new("Limits", "/limits"),
        new("Idempotency", "/idempotency"),
        new("Trouble", "/trouble", TenantRole.Operator),
        new("Tenants", "/tenants", TenantRole.Owner),
        new("Silos", "/silos", TenantRole.Operator),
    ];

    /// <summary>The places that somebody is shown, in their order.</summary>
    public static IEnumerable<Place> For(Caller? caller, EdgeOptions edge) =>
        All.Where(place => place.OfSystem is not { } least || (caller is not null && caller.Tenant == edge.SystemTenant && caller.Role >= least));
}
