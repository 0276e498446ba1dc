using Sophia.Hosting;

namespace Sophia.Resilience;

// Goal: what is left out of SOPHIA_CONTAINMENT is as its documentation says, in the options and in each rule. Method: the variable by itself.
public sealed class ContainmentSettingsTests
{
    [Fact]
    public void What_a_rule_leaves_out_is_proposed_after_a_minute_for_every_node_of_its_kind()
    {
        var rule = Assert.Single(Read("""{"rules": [{"name": "hold", "kind": "queue", "strategy": "quarantineQueue"}]}""").Rules);
        Assert.Equal(("hold", DomainKind.Queue, ContainmentStrategy.QuarantineQueue, null, ContainmentMode.Propose, 60), (rule.Name, rule.Kind, rule.Strategy, rule.Node, rule.Mode, rule.AfterSeconds));
    }

    [Fact]
    public void What_a_rule_says_counts_and_the_other_options_stay_as_shipped()
    {
        var options = Read("""{"healForSeconds": 5, "rules": [{"name": "alone", "kind": "dependency", "node": "dependency/model", "strategy": "openBreaker", "mode": "apply", "afterSeconds": 0}]}""");
        Assert.Equal(("dependency/model", ContainmentMode.Apply, 0), (options.Rules[0].Node, options.Rules[0].Mode, options.Rules[0].AfterSeconds));
        Assert.Equal((TimeSpan.FromSeconds(5), new ContainmentOptions().HoldFor), (options.HealFor, options.HoldFor));
        Assert.Same(ShippedContainment.Rules, Read("{}").Rules);
    }

    [Theory]
    [InlineData("""{"rules": [{"kind": "queue", "strategy": "quarantineQueue"}]}""", "a rule's name")]
    [InlineData("""{"rules": [{"name": "hold", "strategy": "quarantineQueue"}]}""", "no such kind")]
    [InlineData("""{"rules": [{"name": "hold", "kind": "queue", "strategy": "isolateTenant"}]}""", "nothing that can be done about")]
    [InlineData("""{"rules": [{"name": "hold", "kind": "queue", "strategy": "quarantineQueue", "whenever": 1}]}""", "whenever")]
    public void What_cannot_be_meant_is_refused_at_start(string text, string said) => Assert.Contains(said, Assert.Throws<StartRefusedException>(() => Read(text)).Message);

    private static ContainmentOptions Read(string text)
    {
        var options = new ContainmentOptions();
        ContainmentSettings.Read(_ => text)(options);
        return options;
    }
}
