using Sophia.Commands;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>Needs several processes on Orleans, with PostgreSQL and Redis.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute() => Skip = Missing();

    internal static string? Missing()
    {
        if (!SiloRuntime.IsOrleans)
            return "skipped: not the cluster build";
        try
        {
            LocalServers.Expect();
            return null;
        }
        catch (CommandFailedException missing)
        {
            return $"skipped: {missing.Message}";
        }
    }
}
