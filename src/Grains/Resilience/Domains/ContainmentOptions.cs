namespace Sophia.Resilience;

/// <summary>By what failures are contained. Every process of a cluster is told the same.</summary>
public sealed class ContainmentOptions
{
    /// <summary>What the installation is made of.</summary>
    public DomainTopology Topology { get; set; } = new();

    /// <summary>The rules; <see cref="ShippedContainment.Rules"/> unless others are configured. The first that fits a failure counts.</summary>
    public IReadOnlyList<ContainmentRule> Rules { get; set; } = ShippedContainment.Rules;

    /// <summary>Whether rules may act by themselves at all; otherwise they propose. Default yes.</summary>
    public bool ActsByItself { get; set; } = true;

    /// <summary>Between two looks. Default 5 s, range 100 ms to 5 minutes.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long nothing must speak against a node before it fails no more. Default 30 s, range 1 s to 1 hour.</summary>
    public TimeSpan HealFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long what is not called at all is left alone the first time, before it is tried again. Default 5 minutes, range 1 s to 1 hour.</summary>
    public TimeSpan HoldFor { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>By what that grows where it fails again within <see cref="RelapseWithin"/>. Default 2, range 1 to 10.</summary>
    public double HoldFactor { get; set; } = 2;

    /// <summary>The longest that anything is contained without a person's word. Default 1 hour, at least <see cref="HoldFor"/>, at most a day.</summary>
    public TimeSpan LongestHold { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How soon after a containment was lifted the same failure is the same illness. Default 10 minutes, range 1 s to 1 day.</summary>
    public TimeSpan RelapseWithin { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Containments in force at a time that no person asked for. Default 10, range 0 to 100.</summary>
    public int MostByItself { get; set; } = 10;

    /// <summary>Of all tenants, the share that may be isolated or offered less at a time without a person's word; rounded down. Default 0.1, range 0 to 0.5.</summary>
    public double MostTenantsShare { get; set; } = 0.1;

    /// <summary>How long a queue's oldest ready item may wait before the queue fails. Default 10 minutes, range 1 s to 1 day.</summary>
    public TimeSpan QueueWaitsFor { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Items that a queue gives up between two looks, and more than it ends well, before it fails. Default 20, range 1 to 1,000,000.</summary>
    public int QueueGivesUp { get; set; } = 20;

    /// <summary>Tenants that are looked at at a time. Default 20, range 1 to 1,000: with t tenants in use a tenant's own failure is seen within t / 20 looks.</summary>
    public int TenantsAtOnce { get; set; } = 20;

    /// <summary>In whose audit changes are written. Default "default", the tenant that looks after the installation; it is never isolated by a rule.</summary>
    public string AuditedIn { get; set; } = "default";

    /// <summary>How long the try of a round waits.</summary>
    internal TimeSpan HoldOf(int round) => TimeSpan.FromSeconds(Math.Min(HoldFor.TotalSeconds * Math.Pow(HoldFactor, Math.Min(round, 64) - 1), LongestHold.TotalSeconds));

    /// <summary>What cannot be meant, in one sentence; null: nothing.</summary>
    public string? Wrong() =>
        LookEvery < TimeSpan.FromMilliseconds(100) || LookEvery > TimeSpan.FromMinutes(5) ? "lookEverySeconds must lie between 0.1 and 300"
        : !InRange(HealFor) ? "healForSeconds must lie between 1 and 3,600"
        : !InRange(HoldFor) ? "holdForSeconds must lie between 1 and 3,600"
        : HoldFactor is not (>= 1 and <= 10) ? "holdFactor must lie between 1 and 10"
        : LongestHold < HoldFor || LongestHold > TimeSpan.FromDays(1) ? "longestHoldSeconds must lie between holdForSeconds and 86,400"
        : RelapseWithin < TimeSpan.FromSeconds(1) || RelapseWithin > TimeSpan.FromDays(1) ? "relapseWithinSeconds must lie between 1 and 86,400"
        : MostByItself is < 0 or > 100 ? "mostByItself must lie between 0 and 100"
        : MostTenantsShare is not (>= 0 and <= 0.5) ? "mostTenantsShare must lie between 0 and 0.5"
        : QueueWaitsFor < TimeSpan.FromSeconds(1) || QueueWaitsFor > TimeSpan.FromDays(1) ? "queueWaitsForSeconds must lie between 1 and 86,400"
        : QueueGivesUp is < 1 or > 1_000_000 ? "queueGivesUp must lie between 1 and 1,000,000"
        : TenantsAtOnce is < 1 or > 1_000 ? "tenantsAtOnce must lie between 1 and 1,000"
        : Rules.GroupBy(rule => rule.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice ? $"rule {twice.Key} stands twice"
        : Rules.Select(rule => rule.Wrong()).FirstOrDefault(wrong => wrong is not null);

    private static bool InRange(TimeSpan span) => span >= TimeSpan.FromSeconds(1) && span <= TimeSpan.FromHours(1);
}

/// <summary>What a rule may do without a person.</summary>
public enum ContainmentMode
{
    /// <summary>Say what should be done.</summary>
    Propose = 1,

    /// <summary>Do it, where that is harmless and within the bounds; propose it otherwise.</summary>
    Apply = 2,
}

/// <summary>Sees failures of one kind and says what contains them.</summary>
public sealed record ContainmentRule
{
    /// <summary>1 to 63 of a-z, 0-9, '-' and '_'.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of node fails.</summary>
    public required DomainKind Kind { get; init; }

    /// <summary>Only the node of this id; null: every one of the kind.</summary>
    public string? Node { get; init; }

    public required ContainmentStrategy Strategy { get; init; }

    public ContainmentMode Mode { get; init; } = ContainmentMode.Propose;

    /// <summary>How long the node must have failed. Default 60, range 0 to 86,400.</summary>
    public int AfterSeconds { get; init; } = 60;

    internal string? Wrong() =>
        Name is not { Length: >= 1 and <= 63 } || !Name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_') ? "a rule's name has 1 to 63 of a-z, 0-9, '-' and '_'"
        : !Enum.IsDefined(Kind) ? $"{Name}: there is no such kind"
        : !Enum.IsDefined(Strategy) ? $"{Name}: there is no such strategy"
        : !Enum.IsDefined(Mode) ? $"{Name}: mode is propose or apply"
        : AfterSeconds is < 0 or > 86_400 ? $"{Name}: afterSeconds must lie between 0 and 86,400"
        : !ContainmentStrategies.For(Kind).Contains(Strategy) ? $"{Name}: {Strategy} is nothing that can be done about a {Kind}" : null;
}

/// <summary>The rules that Sophia comes with: what costs nobody anything is done, the rest is a person's decision.</summary>
public static class ShippedContainment
{
    public static IReadOnlyList<ContainmentRule> Rules { get; } =
    [
        new() { Name = "use_the_other", Kind = DomainKind.Dependency, Strategy = ContainmentStrategy.Reroute, Mode = ContainmentMode.Apply, AfterSeconds = 60 },
        new() { Name = "leave_alone", Kind = DomainKind.Dependency, Strategy = ContainmentStrategy.OpenBreaker, Mode = ContainmentMode.Apply, AfterSeconds = 180 },
        new() { Name = "hold_the_queue", Kind = DomainKind.Queue, Strategy = ContainmentStrategy.QuarantineQueue, AfterSeconds = 60 },
        new() { Name = "calm_the_tenant", Kind = DomainKind.Tenant, Strategy = ContainmentStrategy.Shed, AfterSeconds = 120 },
        new() { Name = "isolate_the_tenant", Kind = DomainKind.Tenant, Strategy = ContainmentStrategy.IsolateTenant, AfterSeconds = 900 },
        new() { Name = "spare_the_store", Kind = DomainKind.Store, Strategy = ContainmentStrategy.Shed, AfterSeconds = 120 },
    ];
}
