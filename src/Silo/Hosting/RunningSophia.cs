using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Hosting;

/// <summary>A Sophia that serves: started here, stopped by disposing it. The program, its commands and its tests start it the same way.</summary>
public sealed class RunningSophia : IAsyncDisposable
{
    public static readonly TenantId DefaultTenant = TenantId.Parse("default");

    /// <summary>Newest runs of each tenant among which those are looked for that go on.</summary>
    private const int RunsLookedAt = 100;

    private readonly WebApplication app;
    private readonly HomeFolder folder;

    private readonly string? ownerKey;

    private RunningSophia(WebApplication app, HomeFolder folder, string url, string? ownerKey) =>
        (this.app, this.folder, Url, this.ownerKey) = (app, folder, url, ownerKey);

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Url { get; }

    /// <summary>The API key of the default tenant's owner.</summary>
    public string OwnerKey => ownerKey ?? throw new InvalidOperationException("A silo without a front end has no use for keys.");

    public IServiceProvider Services => app.Services;

    public CancellationToken Stopping => app.Lifetime.ApplicationStopping;

    /// <param name="announce">Whether commands may find this instance.</param>
    /// <param name="adapt">Replaces parts; tests use it.</param>
    /// <exception cref="StartRefusedException">The folder is in use or of a newer version, the port is taken, an option is wrong.</exception>
    public static async Task<RunningSophia> Start(
        SophiaOptions options, bool announce, Action<WebApplicationBuilder>? adapt = null, CancellationToken cancellation = default)
    {
        options.Validated();
        var folder = HomeFolder.Open(options.DataFolder);
        WebApplication? app = null;
        StartPhase? start = null;
        try
        {
            app = SophiaHost.Build(options, folder, adapt);
            start = app.Services.GetRequiredService<StartPhase>();
            if (options.HasGrains)
                app.Services.GetRequiredService<ILogStore>(); // Takes the data folder's lock, or says who has it, before anything else is touched.
            folder.MakeFolders();
            app.Services.GetRequiredService<Telemetry>();
            await app.StartAsync(cancellation);
            start.IsOver = true;
            var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            var key = options.HasEdge ? await FirstTenant.Ensure(app.Services.GetRequiredService<IGrainFactory>(), folder) : null;
            if (announce)
                folder.WriteInstance(new InstanceFile(url, Environment.ProcessId, DateTimeOffset.UtcNow));
            return new RunningSophia(app, folder, url, key);
        }
        catch (Exception failure)
        {
            start?.HasFailed = true;
            if (app is not null)
                await app.DisposeAsync();
            throw failure switch
            {
                IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } =>
                    new StartRefusedException($"Something else listens on {options.Url}{(options.MetricsUrl is null ? "" : $" or {options.MetricsUrl}")}. Choose another address with --url{(options.MetricsUrl is null ? "" : " or SOPHIA_METRICS_URL")}.", failure),
                _ when StorageFaultIn(failure) is { } fault => new StartRefusedException(fault.Message, failure),
                _ => failure,
            };
        }
    }

    /// <summary>A new link that signs a browser in as the default tenant's owner.</summary>
    public async Task<string> SignInLink()
    {
        using var _ = CallerContext.ForSystem("sign-in link at start");
        var tenant = Services.GetRequiredService<IGrainFactory>().GetGrain<ITenantGrain>(TenantKey.Of(DefaultTenant));
        var owner = await tenant.Authenticate(Secrets.HashOf(OwnerKey)) ?? throw new RefusedException(RefusalCode.Conflict, "The owner's key was revoked: restart Sophia for a new one.");
        var code = await tenant.IssueSignIn(owner.KeyId);
        return $"{Url}{SignInEndpoints.LinkPath(DefaultTenant, code.Code)}";
    }

    /// <summary>Runs that were interrupted before this start and go on now.</summary>
    public async Task<IReadOnlyList<RunView>> GoingOn()
    {
        using var _ = CallerContext.ForSystem("runs that go on at start");
        var (grains, began) = (Services.GetRequiredService<IGrainFactory>(), Services.GetRequiredService<StartPhase>().BeganAt);
        var going = new List<RunView>();
        foreach (var tenant in await grains.GetGrain<ITenantDirectoryGrain>(TenantKey.System).List())
            try
            {
                going.AddRange((await grains.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(tenant)).RecentRuns(RunsLookedAt)).Where(run => run.State == RunState.Running && run.StartedAt < began));
            }
            catch (Exception) when (!Stopping.IsCancellationRequested)
            {
                // Its runs are not announced; what it is told and what the log says name why.
            }
        return going;
    }

    /// <summary>Lets work in flight end, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        folder.RemoveInstance();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static StorageException? StorageFaultIn(Exception? failure) =>
        failure is null or StorageException ? failure as StorageException : StorageFaultIn(failure.InnerException);
}
