using System.Globalization;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Npgsql;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Metadata;
using Orleans.Runtime;
using Orleans.Runtime.Membership;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Serialization;
using Sophia.Cluster;
using Sophia.Knowledge;
using Sophia.Operations;
using Sophia.Security;
using StackExchange.Redis;

namespace Sophia.Hosting;

/// <summary>The runtime of this build as the options want it: a silo by itself, a silo of a cluster, or a client of one. Its counterpart is ClusterRuntime.InProcess.cs.</summary>
internal static class ClusterRuntime
{
    /// <summary>Connections that membership may use, beside those of the log.</summary>
    private const int MembershipConnections = 4;

    public static void UseRuntime(this WebApplicationBuilder builder, SophiaOptions options, Action<ISiloBuilder> silo)
    {
        if (options is { Role: SophiaRole.Frontend, Cluster: { } joined })
            builder.Host.UseOrleansClient(client => client.Join(joined, options.Postgres!));
        else
        {
            builder.Host.UseOrleans(one => silo(options.Cluster is { } cluster ? one.Join(cluster, options.Postgres!) : one.UseSingleSilo()));
            if (options.Cluster is not null)
                builder.Services.AddSingleton<MembershipMeter>().AddHostedService<SweepAfterLoss>();
        }
    }

    /// <summary>Fast state, the shared level of the cache and the keys that encrypt browsers' cookies are in Redis, where it is named.</summary>
    public static void UseRedis(this WebApplicationBuilder builder, SophiaOptions options)
    {
        if (options.Redis is not { } redis)
            return;
        var settings = RedisSettings.Of(redis);
        builder.Services.AddRedis(settings, options.Cluster?.Name ?? "sophia");
        if (options.HasGrains)
            builder.Services.AddRedisFastState(settings);
        if (options.HasEdge)
            builder.Services.AddOptions<KeyManagementOptions>().Configure<RedisConnection>(static (keys, connection) => keys.XmlRepository = new RedisBrowserKeys(connection));
    }

    /// <summary>The index is in Weaviate, where it is named.</summary>
    public static void UseWeaviate(this WebApplicationBuilder builder, SophiaOptions options)
    {
        if (options is { Weaviate: { } weaviate, HasGrains: true })
            builder.Services.AddWeaviateIndex(WeaviateOptions.Of(weaviate, options.WeaviateKey));
    }

    /// <summary>Orleans' dashboard at /dashboard. It has no sign-in of its own and shows the grains of all tenants: for operators of the system's tenant.</summary>
    public static void MapDashboard(this WebApplication app, SophiaOptions options)
    {
        if (options.Cluster is not null)
            app.MapOrleansDashboard(routePrefix: SophiaOptions.DashboardPath).RequireSystemOperator(app.Services.GetRequiredService<EdgeOptions>().SystemTenant).ExcludeFromDescription();
    }

    private static ISiloBuilder Join(this ISiloBuilder silo, ClusterOptions cluster, string postgres) => silo
        .Configure<Orleans.Configuration.ClusterOptions>(named => named.ClusterId = named.ServiceId = cluster.Name)
        .Configure<SiloOptions>(own => own.SiloName = cluster.SiloName ?? $"{Environment.MachineName}-{cluster.SiloPort.ToString(CultureInfo.InvariantCulture)}".ToLowerInvariant())
        .ConfigureEndpoints(cluster.Address, cluster.SiloPort, cluster.GatewayPort, listenOnAnyHostAddress: !System.Net.IPAddress.IsLoopback(cluster.Address))
        .UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = ("Npgsql", Membership(postgres)))
        .Configure<ClusterMembershipOptions>(membership => Pace(membership, cluster.Pace))
        .UseSiloMetadata(new Dictionary<string, string>(HostLabels.With(cluster.Labels)) { [SophiaVersion.Label] = SophiaVersion.Current })
        .AddOutgoingGrainCallFilter<RepeatedCalls>()
        .AddOutgoingGrainCallFilter<OtherRelease>()
        .Configure<ExceptionSerializationOptions>(CrossWhateverTheirType)
        .ConfigureServices(GoByItsOwnWord)
        .AddDashboard();

    private static IClientBuilder Join(this IClientBuilder client, ClusterOptions cluster, string postgres) => client
        .Configure<Orleans.Configuration.ClusterOptions>(named => named.ClusterId = named.ServiceId = cluster.Name)
        .UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = ("Npgsql", Membership(postgres)))
        .ConfigureServices(static services => services.AddSingleton<AdoNetGatewayListProvider>()
            .AddSingleton<IGatewayListProvider>(static provider => ActivatorUtilities.CreateInstance<KnownGateways>(provider, provider.GetRequiredService<AdoNetGatewayListProvider>())))
        .Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(cluster.Pace == MembershipPace.Shipped ? 2 : 60))
        .UseConnectionRetryFilter(SilosComeLater)
        .AddOutgoingGrainCallFilter<RepeatedCalls>()
        .AddOutgoingGrainCallFilter<OtherRelease>()
        .AddOutgoingGrainCallFilter<StorageFaultFilter>()
        .AddOutgoingGrainCallFilter<Sophia.Resilience.DeadlineFilter>()
        .Configure<ExceptionSerializationOptions>(CrossWhateverTheirType)
        .AddDashboard();

    private static void GoByItsOwnWord(IServiceCollection services) => services
        .AddSingleton<OwnGrainProperties>()
        .AddSingleton<IGrainPropertiesProvider>(provider => provider.GetRequiredService<OwnGrainProperties>())
        .AddSingleton(provider => new GrainPropertiesResolver(provider.GetRequiredService<OwnGrainProperties>().Before(provider.GetRequiredService<IClusterManifestProvider>())));

    // Else a failure from below, a driver's for instance, reaches its caller as one of serialisation.
    private static void CrossWhateverTheirType(ExceptionSerializationOptions exceptions) => exceptions.SupportedExceptionTypeFilter = static _ => true;

    // A front end may be started before its silos; whoever started it decides how long that may take.
    private static async Task<bool> SilosComeLater(Exception failure, CancellationToken cancellation)
    {
        await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        return true;
    }

    private static void Pace(ClusterMembershipOptions membership, MembershipPace pace)
    {
        if (pace == MembershipPace.Patient)
            return;
        membership.ProbeTimeout = TimeSpan.FromSeconds(1);
        membership.NumMissedProbesLimit = 3;
        membership.NumVotesForDeathDeclaration = 2;
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }

    // The providers read their statements from a table without naming its schema.
    private static string Membership(string postgres) => new NpgsqlConnectionStringBuilder(postgres)
    {
        SearchPath = MembershipSchema.Name, MaxPoolSize = MembershipConnections, ApplicationName = "sophia membership", Timezone = "UTC",
    }.ConnectionString;
}
