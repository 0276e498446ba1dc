using Orleans.Hosting;

namespace Sophia.Hosting;

/// <summary>The runtime of this build as the options want it: InProcess is never distributed. Its counterpart is ClusterRuntime.Orleans.cs.</summary>
internal static class ClusterRuntime
{
    /// <exception cref="StartRefusedException">A cluster or Redis is asked for.</exception>
    public static void UseRuntime(this WebApplicationBuilder builder, SophiaOptions options, Action<ISiloBuilder> silo)
    {
        if (options.Cluster is not null)
            throw new StartRefusedException("This build runs on InProcess, which is one process. A cluster needs the Orleans build: in the repository \"./sophia --runtime Orleans status\" says why it cannot be had here.");
        builder.Host.UseOrleans(one => silo(one.UseSingleSilo()));
    }

    public static void UseRedis(this WebApplicationBuilder builder, SophiaOptions options)
    {
        if (options.Redis is not null)
            throw new StartRefusedException("SOPHIA_REDIS is for the Orleans build; this one runs on InProcess.");
    }

    public static void UseWeaviate(this WebApplicationBuilder builder, SophiaOptions options)
    {
        if (options.Weaviate is not null)
            throw new StartRefusedException("SOPHIA_WEAVIATE is for the Orleans build; this one runs on InProcess.");
    }

    /// <summary>There is no dashboard without Orleans.</summary>
    public static void MapDashboard(this WebApplication app, SophiaOptions options)
    {
    }
}
