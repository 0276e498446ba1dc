using Sophia.Security;

namespace Sophia.Operations;

/// <summary>Asks the runtime about its silos; the key is "system".</summary>
/// <remarks>Each silo is asked by itself, so that one that hangs costs its own figures and nobody else's.</remarks>
[StatelessWorker]
internal sealed class SilosGrain(SiloLabels labels, TimeProvider time) : Grain, ISilosGrain
{
    /// <summary>How long one silo is waited for: less than callers wait for all of them.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private IManagementGrain Management => GrainFactory.GetGrain<IManagementGrain>(0);

    public async Task<SilosView> View()
    {
        SystemCall.MustBe();
        var members = SilosRules.Shown(await Management.GetDetailedHosts());
        var seen = await Task.WhenAll(members.Select(Look));
        return new SilosView(time.GetUtcNow(), [.. seen.Select(one => one.Silo)], SilosRules.Counts(seen.SelectMany(one => one.Grains.Select(line => (one.Silo.Name, line.GrainType, line.ActivationCount)))));
    }

    private async Task<(SiloView Silo, IReadOnlyList<SimpleGrainStatistic> Grains)> Look(MembershipEntry member)
    {
        var said = labels.Of(member.SiloAddress);
        var view = new SiloView(member.SiloName, member.SiloAddress.Endpoint.ToString(), member.HostName, SilosRules.Word(member.Status), Utc(member.StartTime), member.IAmAliveTime == default ? null : Utc(member.IAmAliveTime),
            [.. said.Where(label => label.Key != SophiaVersion.Label).OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}")],
            said.GetValueOrDefault(SophiaVersion.Label) ?? (member.SiloAddress.Equals(labels.Self) ? SophiaVersion.Current : null), Load: null);
        if (member.Status != SiloStatus.Active)
            return (view, []);
        try
        {
            SiloAddress[] one = [member.SiloAddress];
            var (load, grains) = (Management.GetRuntimeStatistics(one), Management.GetSimpleGrainStatistics(one));
            await Task.WhenAll(load, grains).WaitAsync(Patience, time);
            return (view with { Load = LoadOf((await load)[0]) }, await grains);
        }
        catch (Exception silent) when (silent is not OperationCanceledException)
        {
            return (view, []);
        }
    }

    private static SiloLoad LoadOf(SiloRuntimeStatistics seen)
    {
        var machine = seen.EnvironmentStatistics;
        return new SiloLoad(seen.ActivationCount, Math.Round(Math.Clamp((double)machine.FilteredCpuUsagePercentage, 0, 100), 1),
            (long)machine.FilteredMemoryUsageBytes, (long)machine.MaximumAvailableMemoryBytes, seen.IsOverloaded);
    }

    private static DateTimeOffset Utc(DateTime at) => new(DateTime.SpecifyKind(at, DateTimeKind.Utc));
}
