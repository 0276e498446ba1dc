using Orleans.Hosting;
using Sophia.Chat;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pages;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Queues;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Hosting;

/// <summary>Composes Sophia: one line per capability, each an extension method in its own room.</summary>
internal static class SophiaHost
{
    public static WebApplication Build(SophiaOptions options, HomeFolder folder, Action<WebApplicationBuilder>? adapt = null)
    {
        var listen = options.Validated();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = "Sophia", EnvironmentName = Environments.Production, ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddServer(options, listen);
        builder.AddReadableLog(options.LogLevel);
        builder.AddReadiness(options);
        builder.AddTelemetry(options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(Random.Shared);
        builder.UseRuntime(options, static silo =>
        {
            silo.AddIncomingGrainCallFilter<TenantCallFilter>();
            silo.AddIncomingGrainCallFilter<StorageFaultFilter>();
            silo.AddOutgoingGrainCallFilter<StorageFaultFilter>();
            silo.AddIncomingGrainCallFilter<DeadlineFilter>();
            silo.AddOutgoingGrainCallFilter<DeadlineFilter>();
            silo.AddReminders();
        });
        AddStorageRoom(builder.Services, options, folder);
        builder.Services.AddTenantGate();
        builder.Services.AddIdempotent(static () => Guid.NewGuid().ToString("n"));
        builder.Services.AddLimits(limits => LimitSettings.Read(limits, Environment.GetEnvironmentVariable, isAlone: options.Cluster is null));
        builder.Services.AddBreakers(BreakerSettings.Read(Environment.GetEnvironmentVariable));
        builder.Services.AddPolicies(PolicySettings.Policies(Environment.GetEnvironmentVariable), PolicySettings.Bulkheads(Environment.GetEnvironmentVariable));
        builder.Services.AddDegradation(DegradationSettings.Read(Environment.GetEnvironmentVariable)).AddSingleton<IHealthSource, MemoryHealth>();
        builder.Services.AddFailureDomains(domains => domains.Topology = ContainmentSettings.Topology(options, Environment.GetEnvironmentVariable), options.HasGrains ? ProcessRole.Silo : ProcessRole.FrontEnd);
        builder.Services.AddFailureDomains(ContainmentSettings.Read(Environment.GetEnvironmentVariable), options.HasGrains ? ProcessRole.Silo : ProcessRole.FrontEnd);
        if (options.HasGrains)
            AddGrains(builder.Services, options, folder);
        if (options.HasEdge)
            AddEdge(builder.Services, options, folder);
        builder.UseRedis(options);
        builder.UseWeaviate(options);
        adapt?.Invoke(builder);

        var app = builder.Build();
        app.MapReadiness();
        app.MapMetrics(options);
        if (options.HasEdge)
        {
            app.UseEdge();
            app.MapEdge();
            app.MapChat();
            app.MapPages();
            app.MapDashboard(options);
            MustBegin(app, options.IdempotencyRequired);
        }
        else
            app.MapLife();
        return app;
    }

    // In a cluster nothing that grows lies in a silo's own folder.
    private static void AddStorageRoom(IServiceCollection services, SophiaOptions options, HomeFolder folder) => services.AddStorageRoom(room =>
    {
        RoomSettings.Read(room, Environment.GetEnvironmentVariable);
        if (options.Cluster is null)
            room.Folders["data"] = folder.Path;
        if (options.HasEdge)
            room.Folders[IStorageRoom.Inbox] = options.InboxFolder ?? folder.Inbox;
    });

    private static void AddGrains(IServiceCollection services, SophiaOptions options, HomeFolder folder)
    {
        services.AddSingleton<ISecretSource, SystemSecrets>();
        services.AddSingleton<ISecretResolver>(new SecretResolver(new HashSet<TenantId> { RunningSophia.DefaultTenant }));
        services.AddSophiaStorage(storage => storage.DataFolder = folder.Path, options.Postgres is not { } connection ? null
            : postgres => (postgres.Connection, postgres.OwnerConnection) = (connection, options.PostgresOwner));
        if (options.Cluster is not null)
            services.AddPostgresIndex();
        Stated(() => services.AddEmbeddingModel());
        services.AddSophiaPlacement(placement => options.Placement.Write(placement, options.Cluster is not null, services.Any(service => service.ServiceType == typeof(EmbeddingModelOptions))));
        services.AddSophiaKnowledge();
        services.AddSearchSettings(Environment.GetEnvironmentVariable);
        services.AddSophiaLog();
        services.AddTenantEnd(end => TenantEndSettings.Read(end, Environment.GetEnvironmentVariable));
        services.AddSingleton<ITenantMemory>(new TenantInbox(options.InboxFolder ?? folder.Inbox));
        services.AddSingleton<ITenantMemory>(new KeptKeys(folder));
        services.AddIdempotency(keys => IdempotencySettings.Read(keys, Environment.GetEnvironmentVariable));
        services.AddLimitSweeper();
        services.AddSophiaQuality();
        services.AddSignInThrottle();
        services.AddSophiaPipelines();
        services.AddSophiaQueues(queue => QueueSettings.Read(queue, Environment.GetEnvironmentVariable));
        services.AddSingleton<ISecretBox>(SecretBox.Of(options.SecretsKey, folder.Path, shared: options.Cluster is not null));
        services.AddAirbyteSource(airbyte => airbyte.TrustedTenants = [RunningSophia.DefaultTenant.Value]);
        services.AddFilesSource(files =>
        {
            files.TenantFolders = options.InboxFolder ?? folder.Inbox;
            files.ForbiddenRoots = [folder.Path];
            files.TrustedTenants = [RunningSophia.DefaultTenant.Value];
        });
        Stated(() => services.AddChatGrains().AddAnswerModel());
    }

    // A misspelt one would require nothing, and nobody would know.
    private static void MustBegin(IEndpointRouteBuilder app, IReadOnlyList<string> required)
    {
        if (required.Count == 0)
            return;
        var addresses = app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(route => Parts(route.RoutePattern.RawText ?? "")).Where(parts => parts is ["api", ..]).ToList();
        foreach (var path in required)
            if (!addresses.Any(address => Begins(Parts(path), address)))
                throw new StartRefusedException($"SOPHIA_IDEMPOTENCY_REQUIRED: no address begins with \"{path}\", so it would require nothing; /openapi/v1.json lists those that there are, and all means each.");
    }

    private static string[] Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static bool Begins(string[] path, string[] address) =>
        path.Length <= address.Length && path.Zip(address).All(pair => pair.Second.StartsWith('{') || string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase));

    // Readers of rooms that know nothing of a start say in one line what of the environment cannot be meant.
    private static void Stated(Action read)
    {
        try
        {
            read();
        }
        catch (FormatException wrong)
        {
            throw new StartRefusedException(wrong.Message, wrong);
        }
    }

    private static void AddEdge(IServiceCollection services, SophiaOptions options, HomeFolder folder)
    {
        services.AddEdge(EdgeOptionsOf(options, folder)).Configure(PolicySettings.Deadlines(Environment.GetEnvironmentVariable));
        services.AddChat();
        services.AddSingleton<IInboxDisk, InboxDisk>();
        services.AddPages();
    }

    private static EdgeOptions EdgeOptionsOf(SophiaOptions options, HomeFolder folder) => new()
    {
        KeyFolder = folder.BrowserKeys,
        InboxFolder = options.InboxFolder ?? folder.Inbox,
        InstanceName = options.Cluster?.Name ?? folder.Name,
        TrustedProxies = options.TrustedProxies,
        IdempotencyRequired = options.IdempotencyRequired,
        Dashboard = options.Cluster is null ? null : SophiaOptions.DashboardPath,
        Hosts = options is { ListenAnywhere: true, Hosts: [] } ? [] : ["localhost", "127.0.0.1", "[::1]", .. options.Hosts],
    };
}
