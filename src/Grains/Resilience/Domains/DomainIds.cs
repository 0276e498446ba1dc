using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Ids of nodes: the kind, then the tenant where it has one, then the name. Nobody else puts them together or takes them apart.</summary>
internal static class DomainIds
{
    public const string Silos = "part/silos", FrontEnds = "part/front-ends", Log = "part/log", State = "part/state", FastState = "part/fast-state", Index = "part/index";

    public const string Ingest = "feature/ingest", Audit = "feature/audit", SignIn = "feature/sign-in", Search = "feature/search", Answers = "feature/answers";

    /// <summary>What nothing here ever takes away.</summary>
    public static IReadOnlyList<string> Core { get; } = [Audit, Ingest, SignIn];

    public static string Of(DomainKind kind, string name) => $"{Word(kind)}/{name}";

    public static string Of(DomainKind kind, string? tenant, string name) => tenant is null or TenantKey.System ? Of(kind, name) : $"{Word(kind)}/{tenant}/{name}";

    /// <summary>The name of one source of a type: with its breaker's own name, which alone tells it from the others.</summary>
    public static string OfSource(string type, string breaker) => $"{type}/{(breaker.StartsWith(PolicyNames.Source, StringComparison.Ordinal) ? breaker[PolicyNames.Source.Length..] : breaker)}";

    public static string Tenant(string tenant) => Of(DomainKind.Tenant, tenant);

    public static DomainNode Node(DomainKind kind, string name, string? tenant = null) => tenant is null or TenantKey.System ? new DomainNode(Of(kind, name), kind, name) : new DomainNode(Of(kind, tenant, name), kind, name, tenant);

    private static string Word(DomainKind kind) => kind switch { DomainKind.FrontEnd => "front-end", _ => kind.ToString().ToLowerInvariant() };
}
