using System.Security.Cryptography;
using System.Text;

namespace Sophia.Tenants;

/// <summary>The key of a tenant's grain: <c>tenant</c>, <c>tenant/name</c> or <c>tenant/name/part</c>. Nobody else splits such strings.</summary>
public readonly record struct TenantKey(TenantId Tenant, string? Name = null, string? Part = null)
{
    /// <summary>Keys of system grains start with this; they belong to no tenant.</summary>
    public const string System = "system";

    public static string Of(TenantId tenant) => tenant.Value;

    public static string Of(TenantId tenant, string name) => $"{tenant}/{Checked(name)}";

    public static string Of(TenantId tenant, string name, string part) => $"{tenant}/{Checked(name)}/{Checked(part)}";

    /// <exception cref="FormatException">The text is not a tenant's key.</exception>
    public static TenantKey Parse(string key) =>
        TryParse(key, out var parsed) ? parsed : throw new FormatException($"\"{key}\" is not a key of the form tenant/name/part.");

    public static bool TryParse(string? key, out TenantKey parsed)
    {
        parsed = default;
        var parts = (key ?? "").Split('/');
        if (parts.Length is < 1 or > 3 || !parts.All(TenantId.IsName))
            return false;
        parsed = new TenantKey(TenantId.Parse(parts[0]), parts.ElementAtOrDefault(1), parts.ElementAtOrDefault(2));
        return true;
    }

    /// <summary>Turns any text (an idempotency key, an address) into a name: itself where it is one, else a readable stem and a hash of it.</summary>
    public static string Escape(string anything)
    {
        if (TenantId.IsName(anything))
            return anything;
        var stem = new string([.. anything.ToLowerInvariant().Where(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9')).Take(24)]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(anything)))[..32];
        return stem.Length == 0 ? hash : $"{stem}-{hash}";
    }

    public override string ToString() => this switch
    {
        { Name: null } => Tenant.Value,
        { Part: null } => $"{Tenant}/{Name}",
        _ => $"{Tenant}/{Name}/{Part}",
    };

    private static string Checked(string name) =>
        TenantId.IsName(name) ? name : throw new FormatException($"\"{name}\" is not a name: use 1 to 63 of a-z, 0-9 and '-', not starting with '-'.");
}
