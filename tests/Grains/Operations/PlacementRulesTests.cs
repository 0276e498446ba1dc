using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Orleans.Runtime;

namespace Sophia.Operations;

/// <summary>Which silos are left for a grain.</summary>
public sealed class PlacementRulesTests
{
    private static readonly SiloLabel Gpu = new("gpu", "gh200");

    [Theory]
    [InlineData("gpu=gh200;gpu=h100;;gpu=gh200", GpuPolicy.Wait, "0 3")]
    [InlineData("gpu=gh200;;", GpuPolicy.Prefer, "0")]
    [InlineData("gpu=h100;", GpuPolicy.Wait, "")]
    [InlineData("gpu=h100;", GpuPolicy.Prefer, "0 1")]
    public void Silos_with_the_label_are_taken_and_without_any_all_or_none(string silos, GpuPolicy policy, string left) =>
        Assert.Equal(left, Places(PlacementRules.WithLabel(Silos(silos), Gpu, policy)));

    [Theory]
    [InlineData("pool=x;;pool=y", "x", "0")]
    [InlineData("pool=x;;pool=y", null, "1")]
    [InlineData("pool=x;;pool=y", "z", "")]
    [InlineData("pool=x;pool=y", null, "")]
    public void A_pool_takes_its_tenants_alone_and_they_live_nowhere_else(string silos, string? pool, string left) =>
        Assert.Equal(left, Places(PlacementRules.OfPool(Silos(silos), pool)));

    [Theory]
    [InlineData("zone=a;zone=b;zone=a", "zone=a", "0 2")]
    [InlineData("zone=b;", "zone=a", "0 1")]
    [InlineData("zone=a", "", "0")]
    [InlineData("region=eu,zone=a;region=us,zone=a;region=eu,zone=b", "region=eu,zone=a", "0")]
    [InlineData("region=us,zone=a;region=eu,zone=b", "region=eu,zone=a", "1")]
    [InlineData("region=us,zone=a", "region=eu,zone=a", "0")]
    public void Of_those_that_fit_the_ones_in_the_caller_s_zone_come_first_then_those_in_its_region(string silos, string here, string left) =>
        Assert.Equal(left, Places(PlacementRules.Nearest(Silos(silos), Labels(here))));

    /// <summary>Goal: nearness and preference never cost the last silo, and no rule brings one back. Method: random labels.</summary>
    [Fact]
    public void Preference_and_nearness_leave_a_silo_where_there_is_one_and_only_of_those_given() =>
        Prop.ForAll(Gen.Elements("gpu=gh200", "gpu=h100", "zone=a", "zone=b,gpu=gh200", "region=eu,zone=a", "region=us", "").NonEmptyListOf().ToArbitrary(), Gen.Elements("zone=a", "region=eu", "region=us,zone=b", "").ToArbitrary(),
            (labels, here) =>
            {
                var silos = Silos(string.Join(';', labels));
                var left = PlacementRules.Nearest(PlacementRules.WithLabel(silos, Gpu, GpuPolicy.Prefer), Labels(here));
                return left.Count > 0 && left.All(silos.Contains) && (!silos.Exists(silo => silo.Has(Gpu)) || left.TrueForAll(silo => silo.Has(Gpu)));
            }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("gpu")]
    [InlineData("=x")]
    [InlineData("gpu=")]
    public void What_is_no_label_is_refused(string text) => Assert.Throws<FormatException>(() => SiloLabel.Parse(text));

    private static List<LabelledSilo> Silos(string text) => [.. text.Split(';').Select((labels, place) => new LabelledSilo(SiloAddress.New(new IPEndPoint(IPAddress.Loopback, place), 1), Labels(labels)))];

    private static Dictionary<string, string> Labels(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(SiloLabel.Parse).ToDictionary(label => label.Name, label => label.Value);

    private static string Places(IEnumerable<LabelledSilo> silos) => string.Join(' ', silos.Select(silo => silo.Address.Endpoint.Port));
}
