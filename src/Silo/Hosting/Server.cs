using System.Net;
using Microsoft.AspNetCore.SignalR;
using Serilog;
using Serilog.Events;
using Sophia.Operations;

namespace Sophia.Hosting;

/// <summary>The web server and the log, set up the same way for the program, its commands and its tests.</summary>
internal static class Server
{
    public static void AddServer(this WebApplicationBuilder builder, SophiaOptions options, IPEndPoint listen)
    {
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = EdgeLimits.Body;
            kestrel.Listen(listen);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopWithin);
        builder.Services.AddSingleton<IHostLifetime, OwnerDecides>();
    }

    public static void AddReadableLog(this WebApplicationBuilder builder, LogLevel least)
    {
        var start = new StartPhase();
        builder.Services.AddSingleton(start);
        var away = least <= LogLevel.Debug ? null : new StoreAway();
        var level = (LogEventLevel)Math.Min((int)least, (int)LogEventLevel.Fatal);
        var log = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .MinimumLevel.Override("Microsoft", level < LogEventLevel.Information ? level : LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.AspNetCore.DataProtection", LogEventLevel.Error) // It warns that keys lie unencrypted; the folder is the owner's alone.
            .MinimumLevel.Override("Sophia.Security.ApiKeyHandler", LogEventLevel.Warning)
            .MinimumLevel.Override("Orleans", level < LogEventLevel.Information ? level : LogEventLevel.Warning)
            .WriteTo.Console(new TameLines(away), standardErrorFromLevel: LogEventLevel.Verbose)
            .Filter.ByExcluding(line => away?.Hides(line) == true || (!start.IsOver && FromHost(line, start.HasFailed)) || IsRefusal(line))
            .Enrich.FromLogContext()
            .CreateLogger();
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(least);
        builder.Logging.AddSerilog(log, dispose: true);
    }

    // The hub's caller is told why; SignalR would note each of them as an error with its stack.
    internal static bool IsRefusal(LogEvent line) => line.Exception is HubException or RefusedException
        && line.Properties.GetValueOrDefault("SourceContext") is ScalarValue { Value: string category } && category.StartsWith("Microsoft.AspNetCore.SignalR", StringComparison.Ordinal);

    private static bool FromHost(LogEvent line, bool failed) =>
        line.Properties.GetValueOrDefault("SourceContext") is ScalarValue { Value: string category } && (category.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal)
            // Orleans notes that the collector is the small one, which is meant, and its watchdog measures its first interval from the machine's start.
            || (line.Level == LogEventLevel.Warning && category is ("Orleans.Runtime.Silo" or "Orleans.Runtime.Watchdog"))
            // A silo that could not start is stopped half-way, and complains of each part that was not there yet.
            || (failed && category.StartsWith("Orleans", StringComparison.Ordinal)));

    /// <summary>Signals are handled once, in Program; whoever started the host stops it.</summary>
    private sealed class OwnerDecides : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>While a host starts, whoever starts it tells in one line what went wrong; the host's own account would bury that.</summary>
internal sealed class StartPhase
{
    public bool IsOver { get; set; }

    public bool HasFailed { get; set; }

    public DateTimeOffset BeganAt { get; } = DateTimeOffset.UtcNow;
}
