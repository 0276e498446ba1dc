using System.Net;
using Orleans.Runtime;

namespace Sophia.Operations;

public sealed class SilosRulesTests
{
    private static readonly DateTime Noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_silo_that_ended_is_named_until_another_bears_its_name()
    {
        var shown = SilosRules.Shown([Silo("b", SiloStatus.Active), Silo("a", SiloStatus.Dead, 1), Silo("a", SiloStatus.Joining, 2), Silo("c", SiloStatus.Dead, 1), Silo("c", SiloStatus.Dead, 3)]);
        Assert.Equal([("a", SiloStatus.Joining), ("b", SiloStatus.Active), ("c", SiloStatus.Dead)], shown.Select(silo => (silo.SiloName, silo.Status)));
        Assert.Equal(Noon.AddMinutes(3), shown[^1].StartTime);
    }

    [Fact]
    public void Of_many_that_ended_the_newest_are_named()
    {
        var shown = SilosRules.Shown([.. Enumerable.Range(0, 50).Select(n => Silo($"s{n:00}", SiloStatus.Dead, n)), Silo("alive", SiloStatus.Active)]);
        Assert.Equal(SilosRules.MostEnded + 1, shown.Count);
        Assert.Equal(["alive", "s49", "s48"], shown.Take(3).Select(silo => silo.SiloName));
    }

    [Fact]
    public void Activations_are_summed_by_class_ours_first()
    {
        var counts = SilosRules.Counts(
        [
            ("one", "Sophia.Tenants.TenantGrain,Sophia.Grains", 2), ("two", "Sophia.Tenants.TenantGrain,Sophia.Grains", 3), ("one", "Sophia.Chat.ChatSessionGrain,Sophia.Grains", 1),
            ("one", "Orleans.Runtime.Management.ManagementGrain,Orleans.Runtime", 9), ("two", "Sophia.Log.RecordsGrain,Sophia.Grains", 0),
        ]);
        Assert.Equal([("TenantGrain", false, 5), ("ChatSessionGrain", false, 1), ("ManagementGrain", true, 9)], counts.Select(line => (line.Grain, line.IsRuntime, line.Total)));
        Assert.Equal([new GrainsOnSilo("one", 2), new GrainsOnSilo("two", 3)], counts[0].Silos);
    }

    [Theory]
    [InlineData("1.0.0+3f2a9c1d00112233", "1.0.0+3f2a9c1d")]
    [InlineData("1.0.0", "1.0.0")]
    [InlineData("1.0.0+dev", "1.0.0+dev")]
    public void A_version_keeps_as_much_of_its_commit_as_tells_builds_apart(string informational, string shown) => Assert.Equal(shown, SophiaVersion.Short(informational));

    private static MembershipEntry Silo(string name, SiloStatus status, int minute = 0) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_111 + minute), minute + name[0]), SiloName = name, HostName = "host", Status = status, StartTime = Noon.AddMinutes(minute),
    };
}
