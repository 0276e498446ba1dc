using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Where a secret is to be had: <c>env:NAME</c>, <c>file:PATH</c>, or <c>generated</c> (made once and kept by the pipeline).</summary>
public abstract record SecretReference
{
    public const string Expectation = "a reference (env:NAME, file:PATH or generated); a secret itself does not belong in a definition";

    private SecretReference() { }

    public sealed record Environment(string Name) : SecretReference;

    public sealed record File(string Path) : SecretReference;

    public sealed record Generated : SecretReference;

    public static SecretReference? Parse(string text) => text switch
    {
        "generated" => new Generated(),
        _ when text.StartsWith("env:", StringComparison.Ordinal) && text.Length > 4 => new Environment(text[4..]),
        _ when text.StartsWith("file:", StringComparison.Ordinal) && text.Length > 5 => new File(text[5..]),
        _ => null,
    };
}

/// <summary>Fetches secrets; the program implements it over the environment and the disk.</summary>
public interface ISecretResolver
{
    /// <summary>Why a tenant's definition may not name a secret so, or null.</summary>
    string? Objection(TenantId tenant, SecretReference reference);

    /// <summary>The secret, or null where there is none under that reference or the tenant may not name it.</summary>
    ValueTask<string?> Resolve(TenantId tenant, SecretReference reference, CancellationToken cancellation);
}
