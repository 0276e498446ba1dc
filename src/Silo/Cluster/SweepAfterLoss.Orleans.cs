using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using Sophia.Tenants;

namespace Sophia.Cluster;

/// <summary>Wakes what lived on a silo that has ended: its runs and indexes go on without waiting for a reminder.</summary>
/// <remarks>All silos see the end; the one that comes first by address acts. Should it die too, that is the next end.</remarks>
internal sealed partial class SweepAfterLoss(IClusterMembershipService membership, ILocalSiloDetails self, IServiceProvider services, MembershipMeter meter, ILogger<SweepAfterLoss> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ended = Ended(membership.CurrentSnapshot);
        try
        {
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
            {
                var now = Ended(snapshot);
                var anew = now.Except(ended).ToList();
                ended = now;
                meter.Ended(anew.Count);
                if (anew.Count > 0 && IsFirst(snapshot))
                    await Sweep(anew);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task Sweep(IReadOnlyList<SiloAddress> ended)
    {
        LogEnded(string.Join(", ", ended));
        foreach (var sweep in services.GetServices<IHostedService>().OfType<TenantSweep>())
            try
            {
                await sweep.SweepNow();
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogAsleep(failure);
            }
    }

    private bool IsFirst(ClusterMembershipSnapshot snapshot) =>
        snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).Order().FirstOrDefault() == self.SiloAddress;

    private static HashSet<SiloAddress> Ended(ClusterMembershipSnapshot snapshot) => [.. snapshot.Members.Values.Where(member => member.Status == SiloStatus.Dead).Select(member => member.SiloAddress)];

    [LoggerMessage(6001, LogLevel.Information, "Silo {Silos} has ended; what it did goes on here")]
    private partial void LogEnded(string silos);

    [LoggerMessage(6002, LogLevel.Warning, "What a silo that ended did could not be woken; reminders try again")]
    private partial void LogAsleep(Exception failure);
}
