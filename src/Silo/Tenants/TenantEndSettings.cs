using Sophia.Hosting;
using Sophia.Pipelines;

namespace Sophia.Tenants;

/// <summary>What the environment says of tenants' deletion: SOPHIA_TENANT_GRACE, a duration like 7d.</summary>
internal static class TenantEndSettings
{
    /// <exception cref="StartRefusedException">The value cannot be meant.</exception>
    public static void Read(TenantEndOptions options, Func<string, string?> variable)
    {
        if (variable("SOPHIA_TENANT_GRACE") is { Length: > 0 } text)
            options.Grace = Durations.TryParse(text, out var grace) && grace <= TimeSpan.FromDays(365) ? grace
                : throw new StartRefusedException($"SOPHIA_TENANT_GRACE is {Durations.Expectation}, at most 365d; \"{text}\" is not.");
    }
}
