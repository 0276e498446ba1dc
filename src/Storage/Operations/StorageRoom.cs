using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Sophia.Operations;

/// <summary>Keeps looking at the places that grow, and says how much room they have.</summary>
/// <remarks>Between two looks (<see cref="RoomOptions.FoldersEvery"/>) a place can be overrun by what is written in that time; the rest above the refusal's mark is there for that, for the
/// write-ahead log, and for the index of what was already accepted.</remarks>
internal sealed partial class StorageRoom : BackgroundService, IStorageRoom
{
    private readonly RoomOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<StorageRoom> logger;
    private readonly IRoomProbe[] probes;
    private readonly PlaceRoom[] places;
    private readonly Meter meter = new("Sophia.Storage");

    public StorageRoom(IEnumerable<IRoomProbe> probes, IOptions<RoomOptions> options, TimeProvider time, ILogger<StorageRoom> logger)
    {
        (this.options, this.time, this.logger) = (options.Value, time, logger);
        this.probes = [.. probes, .. this.options.Folders.Select(folder => new FolderProbe(folder.Key, folder.Value))];
        places = [.. this.probes.Select(probe => new PlaceRoom(probe.Place, RoomLevel.Enough, 0, 0, "Nobody has looked yet."))];
        meter.CreateObservableGauge("sophia.storage.used", () => Measured(place => place.TotalBytes == 0 ? 0 : (double)place.UsedBytes / place.TotalBytes), "1", "Share of a place that is used: data, inbox, postgres.");
        meter.CreateObservableGauge("sophia.storage.free", () => Measured(place => place.TotalBytes - place.UsedBytes), "By", "Bytes that may still be written to a place.");
        meter.CreateObservableGauge("sophia.storage.room", () => Measured(place => (double)place.Level), "{level}", "0: enough room; 1: short of room; 2: records and files are refused.");
    }

    public IReadOnlyList<PlaceRoom> Places => places;

    /// <summary>Looks at one place now.</summary>
    public async Task Look(int n, CancellationToken cancellation)
    {
        try
        {
            var seen = await probes[n].Look(cancellation);
            var before = places[n];
            var level = RoomRules.Decide(before.Level, seen, options);
            places[n] = new PlaceRoom(probes[n].Place, level, seen.TotalBytes - seen.FreeBytes, seen.TotalBytes, RoomRules.Say(probes[n].Place, level, seen, options));
            if (level > before.Level)
                Shrank(places[n].Said);
            else if (level < before.Level)
                Grew(places[n].Said);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            CannotLook(probes[n].Place, failure.Message);
        }
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var n = 0; n < probes.Length; n++)
            if (probes[n] is FolderProbe)
                await Look(n, cancellationToken); // Before the first request: a process that starts on a full disk must know it.
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(probes.Select((_, n) => Watch(n, stoppingToken)));

    private async Task Watch(int n, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(probes[n].Every, time);
        try
        {
            do
                await Look(n, stopping);
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }

    private IEnumerable<Measurement<double>> Measured(Func<PlaceRoom, double> value) =>
        places.Where(place => place.TotalBytes > 0).Select(place => new Measurement<double>(value(place), new KeyValuePair<string, object?>("place", place.Place)));

    [LoggerMessage(2320, LogLevel.Warning, "{Said}")]
    private partial void Shrank(string said);

    [LoggerMessage(2321, LogLevel.Information, "There is room again. {Said}")]
    private partial void Grew(string said);

    [LoggerMessage(2322, LogLevel.Debug, "The room of {Place} cannot be seen: {Why}")]
    private partial void CannotLook(string place, string why);
}
