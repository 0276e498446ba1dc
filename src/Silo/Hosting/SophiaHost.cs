using Orleans.Hosting;
using Sophia.Chat;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pages;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Security;

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
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ISecretSource, SystemSecrets>();
        builder.Services.AddSingleton<ISecretResolver, SecretResolver>();
        builder.Host.UseOrleans(silo =>
        {
            silo.UseSingleSilo();
            silo.AddIncomingGrainCallFilter<TenantCallFilter>();
            silo.AddIncomingGrainCallFilter<StorageFaultFilter>();
            silo.AddReminders();
        });
        builder.Services.AddSophiaStorage(storage => storage.DataFolder = folder.Path, options.Postgres is not { } connection ? null
            : postgres => (postgres.Connection, postgres.OwnerConnection) = (connection, options.PostgresOwner));
        builder.Services.AddSophiaKnowledge();
        builder.Services.AddSophiaLog();
        builder.Services.AddSophiaQuality();
        builder.Services.AddSophiaPipelines();
        builder.Services.AddFilesSource(files =>
        {
            files.TenantFolders = folder.Inbox;
            files.ForbiddenRoots = [folder.Path];
            files.TrustedTenants = [RunningSophia.DefaultTenant.Value];
        });
        builder.Services.AddChatGrains().AddAnswerModel().AddChat();
        builder.Services.AddEdge(EdgeOptionsOf(options, folder));
        builder.Services.AddSingleton<IInboxDisk, InboxDisk>();
        builder.Services.AddPages();
        adapt?.Invoke(builder);

        var app = builder.Build();
        app.UseEdge();
        app.MapEdge();
        app.MapChat();
        app.MapPages();
        return app;
    }

    private static EdgeOptions EdgeOptionsOf(SophiaOptions options, HomeFolder folder) => new()
    {
        KeyFolder = folder.BrowserKeys,
        InboxFolder = folder.Inbox,
        InstanceName = folder.Name,
        Hosts = options is { ListenAnywhere: true, Hosts: [] } ? [] : ["localhost", "127.0.0.1", "[::1]", .. options.Hosts],
    };
}
