using System.Diagnostics.CodeAnalysis;

namespace Sophia.Tenants;

/// <summary>The name of a tenant: 1 to 63 characters of <c>[a-z0-9-]</c>, the first one a letter or digit.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TenantId")]
public readonly record struct TenantId
{
    /// <summary>The longest tenant or grain name, in characters.</summary>
    public const int MaxLength = 63;

    [Id(0)]
    public string Value { get; }

    private TenantId(string value) => Value = value;

    /// <exception cref="FormatException">The text is not a tenant's name.</exception>
    public static TenantId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"\"{text}\" is not a name: use 1 to 63 of a-z, 0-9 and '-', not starting with '-'.");

    public static bool TryParse([NotNullWhen(true)] string? text, out TenantId id)
    {
        id = IsName(text) ? new TenantId(text!) : default;
        return id.Value is not null;
    }

    /// <summary>Whether the text may stand as a tenant or as a part of a grain's key.</summary>
    public static bool IsName(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength || text[0] == '-')
            return false;
        foreach (var c in text)
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-'))
                return false;
        return true;
    }

    public override string ToString() => Value ?? "";
}
