using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What the rules decide by.</summary>
internal sealed record ContainmentPicture(DomainGraph Graph, IReadOnlyList<DomainFailure> Failing)
{
    public int Tenants => Graph.Nodes.Count(node => node.Kind == DomainKind.Tenant);
}

/// <summary>Decides what contains a failure, and when that ends. Pure.</summary>
/// <remarks>
/// <para>A failure that lasts gets the first rule that fits. What is decided is kept before it is done (<see cref="ContainmentPhase.Applying"/>) and before it is undone (<see cref="ContainmentPhase.Lifting"/>), so that whoever
/// goes on after a crash does it again; doing it twice is doing it once.</para>
/// <para>Where nobody calls what failed any more, nothing says that it is well: it is let go after a time to be tried, and for twice as long at the next round. Everything else is lifted when its failure healed.</para>
/// <para>By themselves rules do what costs nobody anything, so many at a time, and touch a bounded share of the tenants; beyond that they propose. Nothing is proposed whose failing node a core feature needs.</para>
/// </remarks>
internal static class ContainmentRules
{
    /// <summary>In place of a rule, where a person began it.</summary>
    public const string ByHand = "by hand";

    public const int HistoryKept = 100, EndedKept = 100, MostOpen = 200, MostUnwritten = 1_000, LongestReason = 500;

    /// <summary>Between two looks whether what is in force is in place.</summary>
    public static readonly TimeSpan CheckEvery = TimeSpan.FromMinutes(1);

    /// <summary>For how long, and how often, something that was lifted is looked after: a late hand's hold stands for no longer than between two of these looks.</summary>
    public static readonly TimeSpan LookAfterFor = TimeSpan.FromMinutes(2), LookAfterEvery = TimeSpan.FromSeconds(10);

    /// <summary>The longest that something a person asked for stays without being pinned, and what is pinned is held for.</summary>
    public static readonly TimeSpan LongestAskedFor = TimeSpan.FromDays(1), PinnedFor = TimeSpan.FromDays(29);

    /// <summary>What follows from what fails now.</summary>
    public static ContainmentState See(ContainmentState state, ContainmentPicture picture, ContainmentOptions options, DateTimeOffset now)
    {
        var after = Noted(state, picture.Failing, now);
        foreach (var one in after.Containments)
            after = Passed(after, one, picture, options, now);
        foreach (var failure in picture.Failing.Where(failure => failure.HealingSince is null))
            if (Wanted(after, failure, picture, options, now) is { } wanted)
                after = Begun(after, wanted, now);
        return ReferenceEquals(after, state) ? state : Trimmed(after) with { Version = state.Version + 1 };
    }

    /// <summary>What came of an act. One that does not fit the phase any more changes nothing.</summary>
    public static ContainmentState Settle(ContainmentState state, ContainmentOutcome outcome, DateTimeOffset now)
    {
        if (state.Containments.FirstOrDefault(one => one.Id == outcome.Containment) is not { } known)
            return state;
        var after = (outcome.Kind, known.Phase, outcome.Done, outcome.InPlace) switch
        {
            (ContainmentActKind.Apply, ContainmentPhase.Applying, true, true) => Turned(state, known with { AppliedAt = known.AppliedAt ?? now, CheckedAt = now, Note = outcome.Note }, ContainmentPhase.Applied, outcome.Note ?? known.Because, known.By, now),
            (ContainmentActKind.Apply, ContainmentPhase.Applying, true, false) => Turned(state, known with { By = "somebody else", Note = outcome.Note }, ContainmentPhase.Lifted, outcome.Note ?? "somebody else holds it", "somebody else", now),
            (ContainmentActKind.Lift, ContainmentPhase.Lifting, true, _) => Turned(state, known with { CheckedAt = now }, ContainmentPhase.Lifted, outcome.Note ?? known.ByBecause ?? "it is over", known.By, now),
            (ContainmentActKind.Check, ContainmentPhase.Applied, true, false) => Turned(state, known with { By = "somebody else", Note = outcome.Note, IsPinned = false }, ContainmentPhase.Lifted, outcome.Note ?? "somebody else ended it", "somebody else", now),
            (ContainmentActKind.Check, ContainmentPhase.Applied, true, true) or (ContainmentActKind.Lift, ContainmentPhase.Lifted, true, _) => Put(state, known with { CheckedAt = now }),
            (_, ContainmentPhase.Applying or ContainmentPhase.Lifting, false, _) when known.Note != outcome.Note => Put(state, known with { Note = outcome.Note }),
            _ => state,
        };
        return ReferenceEquals(after, state) ? state : after with { Version = state.Version + 1 };
    }

    /// <summary>A person's word. Null: it cannot be said in this phase; the same state: it was said already.</summary>
    public static ContainmentState? Decide(ContainmentState state, Containment known, ContainmentDecision decision, string by, string because, DateTimeOffset now)
    {
        var word = known with { By = by, ByBecause = because };
        var after = (decision, known.Phase) switch
        {
            (ContainmentDecision.Approve, ContainmentPhase.Proposed) => Turned(state, word with { IsAskedFor = true, NotByItself = null }, ContainmentPhase.Applying, because, by, now),
            (ContainmentDecision.Approve, ContainmentPhase.Applying or ContainmentPhase.Applied) => state,
            (ContainmentDecision.Decline, ContainmentPhase.Proposed) => Turned(state, word, ContainmentPhase.Declined, because, by, now),
            (ContainmentDecision.Decline, ContainmentPhase.Declined) => state,
            (ContainmentDecision.Lift, ContainmentPhase.Applying or ContainmentPhase.Applied) => Turned(state, word with { IsPinned = false }, ContainmentPhase.Lifting, because, by, now),
            (ContainmentDecision.Lift, ContainmentPhase.Lifting or ContainmentPhase.Lifted) => state,
            (ContainmentDecision.Pin, ContainmentPhase.Applied) when known.IsPinned => state,
            // Held anew, for longer.
            (ContainmentDecision.Pin, ContainmentPhase.Applying or ContainmentPhase.Applied) => Written(Put(state, word with { IsPinned = true, IsAskedFor = true, Phase = ContainmentPhase.Applying, Since = now }), "pinned", known, because, by, now),
            _ => null,
        };
        return after is null || ReferenceEquals(after, state) ? after : after with { Version = state.Version + 1 };
    }

    /// <summary>A person has something contained now, whether it fails or not.</summary>
    /// <returns>What is begun; the same state where the same person said the same already.</returns>
    /// <exception cref="RefusedException">Conflict: it is contained so, or proposed, or what must go on needs it, or as much is contained as may be.</exception>
    public static (ContainmentState After, Containment Begun) Begin(ContainmentState state, ContainmentPicture picture, DomainNode node, ContainmentStrategy strategy, DateTimeOffset until, string by, string because, DateTimeOffset now)
    {
        var made = Made(state.LastId + 1, ByHand, strategy, node, because, now) with { Phase = ContainmentPhase.Applying, By = by, ByBecause = because, IsAskedFor = true, Until = until };
        if (state.Containments.FirstOrDefault(one => one.IsOpen && Same(one, made)) is { } known)
            return known.Rule == ByHand && known.By == by && known.ByBecause == because ? (state, known) : throw new RefusedException(RefusalCode.Conflict, known.Phase == ContainmentPhase.Proposed ? $"Containment {known.Id} is proposed for it: approve that one." : $"Containment {known.Id} does it already.");
        if (state.Containments.Count(one => one.IsOpen) >= MostOpen)
            throw new RefusedException(RefusalCode.Conflict, $"{MostOpen} containments are open, and no more may be.");
        if (!CanHelp(strategy, node, picture))
            throw new RefusedException(RefusalCode.Conflict, strategy == ContainmentStrategy.Reroute && IsSpared(node, picture) ? "Nothing else does its work." : "What comes in, the audit or sign-in needs it: it is not kept from being called.");
        var begun = Written(Put(state with { LastId = made.Id }, made), "applying", made, because, by, now);
        return (begun with { Version = state.Version + 1 }, made);
    }

    /// <summary>What is to be done now, by what is kept.</summary>
    public static IReadOnlyList<ContainmentAct> Acts(ContainmentState state, ContainmentOptions options, DateTimeOffset now)
    {
        var acts = new List<ContainmentAct>();
        foreach (var one in state.Containments)
            if (one.Phase switch
                {
                    ContainmentPhase.Applying => ContainmentActKind.Apply,
                    ContainmentPhase.Lifting => ContainmentActKind.Lift,
                    ContainmentPhase.Applied when now - (one.CheckedAt ?? one.Since) >= CheckEvery => ContainmentActKind.Check,
                    ContainmentPhase.Lifted when one.AppliedAt is not null && now - one.Since < LookAfterFor && now - (one.CheckedAt ?? one.Since) >= LookAfterEvery => ContainmentActKind.Lift,
                    _ => (ContainmentActKind?)null,
                } is { } kind)
                acts.Add(new ContainmentAct(one.Id, kind, one.Strategy, one.Owner, one.Name, kind == ContainmentActKind.Lift ? one.ByBecause ?? "it is over" : one.Because,
                    one.IsPinned ? PinnedFor : (one.IsAskedFor ? LongestAskedFor : options.LongestHold) + TimeSpan.FromMinutes(10)));
        return acts;
    }

    /// <summary>Changes that are to be in the audit and are not, oldest first.</summary>
    public static IReadOnlyList<DomainChange> Unwritten(ContainmentState state) => [.. state.History.Where(change => change.Number > state.AuditedTo && change.Containment > 0).Reverse()];

    public static ContainmentState Audited(ContainmentState state, long to) => to <= state.AuditedTo ? state : Trimmed(state with { AuditedTo = to, Version = state.Version + 1 });

    /// <summary>When what is in force is lifted to see whether the failure is over; null: that can be seen.</summary>
    public static DateTimeOffset? TryAt(Containment one, ContainmentOptions options) =>
        one is { Until: null, Phase: ContainmentPhase.Applied, IsPinned: false, Blinds: true, AppliedAt: { } at } ? at + options.HoldOf(one.Round) : null;

    /// <summary>So many characters of a reason at most; none of them is cut in two, for no store takes half a character.</summary>
    public static string Short(string because, int most) => TextEnd.Cut(because, most);

    private static ContainmentState Noted(ContainmentState state, IReadOnlyList<DomainFailure> failing, DateTimeOffset now)
    {
        if (ReferenceEquals(state.Failing, failing))
            return state;
        var (before, after) = (state.Failing.Select(failure => failure.Node).ToHashSet(StringComparer.Ordinal), failing.Select(failure => failure.Node).ToHashSet(StringComparer.Ordinal));
        var said = state with { Failing = failing };
        foreach (var failure in failing.Where(failure => !before.Contains(failure.Node)))
            said = Written(said, "failing", failure.Node, 0, failure.Because, null, now);
        foreach (var failure in state.Failing.Where(failure => !after.Contains(failure.Node)))
            said = Written(said, "healed", failure.Node, 0, $"it failed since {failure.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {failure.Because}", null, now);
        return said;
    }

    private static ContainmentState Passed(ContainmentState state, Containment one, ContainmentPicture picture, ContainmentOptions options, DateTimeOffset now)
    {
        var failure = picture.Failing.FirstOrDefault(failure => failure.Node == one.Node);
        switch (one.Phase)
        {
            case ContainmentPhase.Proposed when failure is null:
                return Turned(state, one, ContainmentPhase.Withdrawn, "what it was for is over", null, now);
            case ContainmentPhase.Proposed:
                var why = options.Rules.FirstOrDefault(rule => rule.Name == one.Rule) is { } rule ? NotByItself(state, rule, one, picture, options) : "the rule is no longer there";
                return why is null ? Turned(state, one with { NotByItself = null }, ContainmentPhase.Applying, one.Because, null, now) : why == one.NotByItself ? state : Put(state, one with { NotByItself = why });
            case ContainmentPhase.Declined when failure is null:
                return Put(state, one with { Phase = ContainmentPhase.Withdrawn, Since = now });
            case ContainmentPhase.Applied when !one.IsPinned && Over(one, failure, options, now) is { } over:
                return Turned(state, one with { ByBecause = over, By = null }, ContainmentPhase.Lifting, over, null, now);
            default:
                return state;
        }
    }

    private static string? Over(Containment one, DomainFailure? failure, ContainmentOptions options, DateTimeOffset now) =>
        one.Until is { } until ? now >= until ? "the time that was asked for is over" : null
        : failure is null ? "what it was for is over"
        : TryAt(one, options) <= now ? "it is time to try again"
        : now - one.AppliedAt >= (one.IsAskedFor ? LongestAskedFor : options.LongestHold) ? "it has lasted as long as it may without being pinned"
        : null;

    private static Containment? Wanted(ContainmentState state, DomainFailure failure, ContainmentPicture picture, ContainmentOptions options, DateTimeOffset now)
    {
        if (picture.Graph.Find(failure.Node) is not { } node || state.Containments.Count(one => one.IsOpen) >= MostOpen)
            return null;
        foreach (var rule in options.Rules)
        {
            if (rule.Kind != node.Kind || (rule.Node is { } only && only != node.Id) || now - failure.Since < TimeSpan.FromSeconds(rule.AfterSeconds))
                continue;
            var made = Made(state.LastId + 1, rule.Name, rule.Strategy, node, $"{rule.Name}: {node.Id} fails: {failure.Because}", now);
            if (IsTaken(state, made, failure) || !CanHelp(rule.Strategy, node, picture))
                continue;
            made = made with { Round = Round(state, made, options, now) };
            return made with { NotByItself = NotByItself(state, rule, made, picture, options) };
        }
        return null;
    }

    private static Containment Made(long id, string rule, ContainmentStrategy strategy, DomainNode node, string because, DateTimeOffset now)
    {
        var named = strategy is ContainmentStrategy.OpenBreaker or ContainmentStrategy.Reroute or ContainmentStrategy.QuarantineQueue;
        return new Containment(id, rule, strategy, node.Id, node.Tenant ?? TenantKey.System, named ? node.Name : "", ContainmentPhase.Proposed, now, Short(because, LongestReason));
    }

    // Open, or said no to, or ended by a person while this failure lasts.
    private static bool IsTaken(ContainmentState state, Containment wanted, DomainFailure failure) => state.Containments.Any(one => Same(one, wanted)
        && (one.IsOpen || one.Phase == ContainmentPhase.Declined || (one is { Phase: ContainmentPhase.Lifted, By: not null } && one.Since >= failure.Since)));

    private static bool Same(Containment one, Containment other) => (Hand(one), one.Owner, one.Name) == (Hand(other), other.Owner, other.Name) && (one.Node == other.Node || Hand(one) != ContainmentStrategy.Shed);

    private static ContainmentStrategy Hand(Containment one) => one.Strategy == ContainmentStrategy.Reroute ? ContainmentStrategy.OpenBreaker : one.Strategy;

    private static bool CanHelp(ContainmentStrategy strategy, DomainNode node, ContainmentPicture picture) =>
        strategy is not (ContainmentStrategy.OpenBreaker or ContainmentStrategy.Reroute)
        || (IsSpared(node, picture) && (strategy == ContainmentStrategy.OpenBreaker || HasAnother(node, picture)));

    /// <summary>Whether what must go on does without it.</summary>
    private static bool IsSpared(DomainNode node, ContainmentPicture picture) => BlastRadius.Of(picture.Graph, [node.Id]) is var radius && DomainIds.Core.All(core => radius[core] == DomainHit.Not);

    private static bool HasAnother(DomainNode node, ContainmentPicture picture)
    {
        var needed = picture.Graph.NeededBy(node.Id).Where(need => need.IsDeclared && need.Strength != NeedStrength.Uses).ToArray();
        var hit = BlastRadius.Of(picture.Graph, picture.Failing.Select(failure => failure.Node));
        return needed.Length > 0 && needed.All(need => need.OneOf.Any(other => other != node.Id && hit[other] != DomainHit.Fully));
    }

    private static int Round(ContainmentState state, Containment made, ContainmentOptions options, DateTimeOffset now) =>
        state.Containments.LastOrDefault(one => one.Phase == ContainmentPhase.Lifted && one.By is null && Same(one, made) && now - one.Since <= options.RelapseWithin) is { } before ? before.Round + 1 : 1;

    /// <summary>Why no rule may begin it; null: it may.</summary>
    private static string? NotByItself(ContainmentState state, ContainmentRule rule, Containment one, ContainmentPicture picture, ContainmentOptions options)
    {
        if (rule.Mode != ContainmentMode.Apply)
            return "the rule leaves it to a person";
        if (!options.ActsByItself)
            return "rules only propose here";
        var own = state.Containments.Where(other => other.Id != one.Id && other is { Holds: true, IsAskedFor: false }).ToArray();
        if (own.Length >= options.MostByItself)
            return $"rules hold {own.Length} things already, and may hold {options.MostByItself}";
        if (one.HitsATenant)
            return one.Owner == TenantKey.System ? "it concerns every tenant"
                : one.Owner == options.AuditedIn ? "that tenant looks after the installation"
                : own.Where(other => other.HitsATenant).Select(other => other.Owner).Append(one.Owner).Distinct(StringComparer.Ordinal).Count() is var many && many > (int)(picture.Tenants * options.MostTenantsShare)
                    ? $"of {picture.Tenants} tenants rules may hold {(int)(picture.Tenants * options.MostTenantsShare)}" : null;
        // Its breaker tries it again by itself, and finds sooner that it is well.
        if (one.Blinds && one.Name.StartsWith(PolicyNames.Source, StringComparison.Ordinal))
            return "what a source brings comes no other way";
        if (one.Blinds && one.Strategy != ContainmentStrategy.QuarantineQueue && BlastRadius.Of(picture.Graph, [one.Node]) is var radius
            && picture.Graph.Nodes.FirstOrDefault(node => node.Kind is DomainKind.Tenant or DomainKind.Pipeline && radius[node.Id] == DomainHit.Fully) is { } lost)
            return $"{lost.Id} has no other way";
        return null;
    }

    private static ContainmentState Begun(ContainmentState state, Containment made, DateTimeOffset now)
    {
        var begun = Written(Put(state with { LastId = made.Id }, made), "proposed", made, made.Because, null, now);
        return made.NotByItself is null ? Turned(begun, made, ContainmentPhase.Applying, made.Because, null, now) : begun;
    }

    private static ContainmentState Turned(ContainmentState state, Containment one, ContainmentPhase phase, string because, string? by, DateTimeOffset now) =>
        Written(Put(state, one with { Phase = phase, Since = now }), phase.ToString().ToLowerInvariant(), one, because, by, now);

    private static ContainmentState Put(ContainmentState state, Containment one) => state with { Containments = [.. state.Containments.Where(other => other.Id != one.Id).Append(one).OrderBy(other => other.Id)] };

    private static ContainmentState Written(ContainmentState state, string what, Containment one, string because, string? by, DateTimeOffset now) => Written(state, what, one.Node, one.Id, because, by, now, one.Owner);

    private static ContainmentState Written(ContainmentState state, string what, string node, long containment, string because, string? by, DateTimeOffset now, string? owner = null) => state with
    {
        LastChange = state.LastChange + 1,
        History = [new DomainChange(state.LastChange + 1, now, what, node, containment, because, by, owner == TenantKey.System ? null : owner), .. state.History],
    };

    private static ContainmentState Trimmed(ContainmentState state)
    {
        var ended = state.Containments.Where(one => !one.IsOpen && one.Phase != ContainmentPhase.Declined).ToArray();
        var gone = ended.Take(ended.Length - EndedKept).Select(one => one.Id).ToHashSet();
        var unwritten = state.History.Count(change => change.Number > state.AuditedTo && change.Containment > 0);
        var kept = state.History.Count <= HistoryKept ? state.History
            : [.. state.History.Take(HistoryKept), .. state.History.Skip(HistoryKept).Where(change => change.Number > state.AuditedTo && change.Containment > 0).Take(Math.Min(unwritten, MostUnwritten))];
        return gone.Count == 0 && kept.Count == state.History.Count ? state : state with { Containments = gone.Count == 0 ? state.Containments : [.. state.Containments.Where(one => !gone.Contains(one.Id))], History = kept };
    }
}
