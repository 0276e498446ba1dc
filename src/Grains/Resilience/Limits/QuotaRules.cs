using System.Collections.Immutable;

namespace Sophia.Resilience;

/// <summary>What may flow for one resource of one tenant, in the whole cluster.</summary>
/// <param name="Rate">A second.</param>
/// <param name="Burst">What may be taken at once.</param>
public sealed record QuotaPolicy(double Rate, double Burst)
{
    /// <summary>Whether shares are of use in whole pieces of the burst alone, as of windows and places: what is taken of a bucket flows.</summary>
    internal bool IsOfPieces { get; private init; }

    internal bool IsInRange => Rate is > 0 and <= 1e9 && Burst is >= 1 and <= 1e9;

    /// <summary>By what a limit's demand is weighed, and its burst: of windows what passes in a second, of places how many they are.</summary>
    internal static QuotaPolicy Of(LimitTerms terms) => new(terms.IsPlaces ? terms.Limit : terms.Limit / terms.WindowSeconds, terms.Quota) { IsOfPieces = terms.Algorithm != LimitAlgorithm.TokenBucket };
}

/// <param name="Held">Millionths of the quota that the process may be using.</param>
/// <param name="Demand">What it was asked for, a second.</param>
/// <param name="Until">When its lease ends.</param>
[GenerateSerializer, Immutable, Alias("Sophia.QuotaHolder")]
internal sealed record QuotaHolder([property: Id(0)] string Process, [property: Id(1)] int Held, [property: Id(2)] double Demand, [property: Id(3)] DateTimeOffset Until);

/// <param name="Pool">Tokens of the share that nobody holds.</param>
internal sealed record QuotaState(ImmutableArray<QuotaHolder> Holders, double Pool, DateTimeOffset PoolAt);

/// <param name="Share">Millionths of rate and burst.</param>
/// <param name="Tokens">Given along, once.</param>
/// <param name="IsShort">The process was asked for more than it has: the others are to say what they were asked for, and to let go what they should not have.</param>
internal readonly record struct QuotaGrant(int Share, double Tokens, bool IsShort);

/// <summary>Divides a quota among processes by what they are asked for.</summary>
/// <remarks>
/// <para>A process holds a share of rate and burst and decides by it alone. Shares that may be in use never come to more than the whole: a share is given only as far as the others are known to have let go, by their own word or
/// because their lease ended. A share brings no tokens but those that lay in the pool for it, and whoever loses a share loses the tokens above it. So tokens in the cluster never exceed the burst, and flow in at the rate.</para>
/// <para>Demands are met from the smallest up (max-min), each with some room above it and none less than a small floor, so that a process which was idle can begin; what is left is divided evenly.</para>
/// </remarks>
internal static class QuotaRules
{
    public const int Whole = 1_000_000;

    /// <summary>Room above a demand where the quota is short. Where it is not, the rest that is divided evenly is room enough.</summary>
    private const double Headroom = 1.03;

    /// <summary>What a process has at least: a fiftieth of an even share.</summary>
    private const int FloorPart = 50;

    /// <summary>Limits of so many are divided into whole ones; of larger ones a part of a piece is nothing: 10,000.</summary>
    private const int MostPieces = 10_000;

    /// <param name="isFull">Whether nobody took anything of late.</param>
    public static QuotaState Begin(QuotaPolicy policy, bool isFull, DateTimeOffset now) => new([], isFull ? policy.Burst : 0, now);

    /// <summary>What becomes of it when a process says what share it uses and what it was asked for.</summary>
    /// <param name="isLearning">Leases are about of which nothing is known: then nobody gets more than he says that he has.</param>
    public static (QuotaState After, QuotaGrant Grant) Exchange(QuotaState before, string process, int uses, double demand, QuotaPolicy policy, bool isLearning, TimeSpan leaseFor, DateTimeOffset now)
    {
        var state = Passed(before, policy, now);
        var others = state.Holders.Where(holder => holder.Process != process).ToImmutableArray();
        var free = Math.Max(0, Whole - others.Sum(holder => holder.Held));
        var target = Targets([.. others, new QuotaHolder(process, uses, demand, now)], policy)[process];
        var share = Math.Min(isLearning ? Math.Min(uses, target) : target, free);
        var tokens = share > uses ? Math.Min(state.Pool, policy.Burst * (share - uses) / Whole) : 0;
        var holders = others.Add(new QuotaHolder(process, Math.Max(uses, share), demand, now + leaseFor));
        return (new QuotaState(holders, Math.Min(state.Pool - tokens, Capacity(holders, policy)), now), new QuotaGrant(share, tokens, share < Wants(demand, policy)));
    }

    /// <summary>What becomes of it when a process stops in order: its share is free at once, but for what it has used of a window or of places, which counts until then.</summary>
    /// <param name="tokens">That it had; of who had left before they count no more.</param>
    public static QuotaState Left(QuotaState before, string process, int uses, double tokens, QuotaPolicy policy, DateTimeOffset until, DateTimeOffset now)
    {
        var state = Passed(before, policy, now);
        var others = state.Holders.RemoveAll(holder => holder.Process == process);
        var back = others.Length < state.Holders.Length ? tokens : 0;
        if (uses > 0)
            others = others.Add(new QuotaHolder(process, uses, 0, until));
        return new QuotaState(others, Math.Min(state.Pool + back, Capacity(others, policy)), now);
    }

    /// <summary>Whether nobody holds anything and all of it is there.</summary>
    public static bool IsWhole(QuotaState state, QuotaPolicy policy, DateTimeOffset now) => Passed(state, policy, now) is { Holders.IsEmpty: true, Pool: var pool } && pool >= policy.Burst;

    /// <summary>What each process should have, in millionths; together the whole.</summary>
    public static IReadOnlyDictionary<string, int> Targets(IReadOnlyList<QuotaHolder> holders, QuotaPolicy policy)
    {
        var floor = Whole / FloorPart / holders.Count;
        var wanted = holders.Select(holder => (holder.Process, Wants: Math.Max(floor, Wants(holder.Demand, policy)))).OrderBy(one => one.Wants).ThenBy(one => one.Process, StringComparer.Ordinal).ToList();
        var (left, targets) = (Whole, new Dictionary<string, int>(StringComparer.Ordinal));
        for (var at = 0; at < wanted.Count; at++)
        {
            var given = Math.Min(wanted[at].Wants, left / (wanted.Count - at));
            targets[wanted[at].Process] = given;
            left -= given;
        }
        foreach (var (process, _) in wanted)
            targets[process] += left / wanted.Count;
        if (policy.IsOfPieces && policy.Burst <= MostPieces)
            ToPieces(targets, [.. wanted.Select(static one => one.Process)], (int)policy.Burst);
        return targets;
    }

    /// <summary>Rounds shares to whole pieces, which together stay as many: what is left of a piece goes to who misses most of one.</summary>
    private static void ToPieces(Dictionary<string, int> targets, IReadOnlyList<string> processes, int pieces)
    {
        var part = processes.ToDictionary(static process => process, process => targets[process] * (double)pieces / Whole, StringComparer.Ordinal);
        var given = processes.ToDictionary(static process => process, process => (int)part[process], StringComparer.Ordinal);
        foreach (var process in processes.OrderByDescending(process => part[process] - given[process]).Take(pieces - given.Values.Sum()))
            given[process]++;
        // Who has no piece keeps a millionth: he is known.
        foreach (var process in processes)
            targets[process] = Math.Max(1, (int)((long)given[process] * Whole / pieces));
        targets[processes[^1]] -= Math.Max(0, targets.Values.Sum() - Whole);
    }

    private static int Wants(double demand, QuotaPolicy policy) => (int)Math.Min(Whole, demand / policy.Rate * Headroom * Whole);

    /// <summary>The state after some time: leases end, and what nobody holds flows into the pool.</summary>
    private static QuotaState Passed(QuotaState state, QuotaPolicy policy, DateTimeOffset now)
    {
        foreach (var ended in state.Holders.Where(holder => holder.Until <= now).OrderBy(holder => holder.Until).ToList())
        {
            state = Flowed(state, policy, ended.Until);
            state = state with { Holders = state.Holders.Remove(ended) };
        }
        return Flowed(state, policy, now);
    }

    private static QuotaState Flowed(QuotaState state, QuotaPolicy policy, DateTimeOffset until)
    {
        if (until <= state.PoolAt)
            return state;
        var flowed = policy.Rate * Free(state.Holders) / Whole * (until - state.PoolAt).TotalSeconds;
        return state with { Pool = Math.Min(state.Pool + flowed, Capacity(state.Holders, policy)), PoolAt = until };
    }

    private static int Free(ImmutableArray<QuotaHolder> holders) => Math.Max(0, Whole - holders.Sum(holder => holder.Held));

    private static double Capacity(ImmutableArray<QuotaHolder> holders, QuotaPolicy policy) => policy.Burst * Free(holders) / Whole;
}
