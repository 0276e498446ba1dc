using System.Globalization;
using Sophia.Operations;

namespace Sophia.Queues;

/// <summary>How a replay of dead letters goes: a canary, then twice as many each time, and an end where too much fails. Pure.</summary>
internal static class DeadReplayRules
{
    public const int MostCanary = 100;

    /// <exception cref="RefusedException">Invalid: a number is out of its range.</exception>
    public static void Check(DeadReplayOrder order)
    {
        if (order.Canary is < 1 or > MostCanary || order.MostAtOnce is < 1 or > WorkLimits.MaxAtOnce || order.StopShare is not (>= 0 and <= 1))
            throw new RefusedException(RefusalCode.Invalid, $"canary is 1 to {MostCanary}, mostAtOnce 1 to {WorkLimits.MaxAtOnce}, stopShare 0 to 1.");
    }

    public static WorkQuery Filter(DeadReplayOrder order) => new(order.Queue, order.Kind, null, order.Cause, order.Error);

    /// <summary>What it does next, given what became of what it brought back.</summary>
    public static ReplayMove Next(DeadReplayState state, ReplayTally tally)
    {
        var ended = tally.Done + tally.Failed;
        if (ended > 0 && tally.Failed > state.Order.StopShare * (ended + tally.Open) && tally.Failed > 0)
            return new ReplayMove.Stop(string.Create(CultureInfo.InvariantCulture, $"{tally.Failed} of {ended} failed again, more than {state.Order.StopShare:P0} of what was replayed."));
        if (tally.Open > 0)
            return new ReplayMove.Wait();
        return new ReplayMove.Take(state.Step == 0 ? Math.Min(state.Order.Canary, state.Order.MostAtOnce) : (int)Math.Min(state.Step * 2L, state.Order.MostAtOnce));
    }
}

internal abstract record ReplayMove
{
    private ReplayMove() { }

    /// <summary>What was brought back is not done with yet.</summary>
    public sealed record Wait : ReplayMove;

    public sealed record Take(int Items) : ReplayMove;

    public sealed record Stop(string Why) : ReplayMove;
}
