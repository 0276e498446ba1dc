namespace Sophia.Security;

/// <summary>What one count goes by.</summary>
internal sealed record ThrottleBounds(int Free, TimeSpan FirstWait, TimeSpan LongestWait, TimeSpan ForgetOneEvery)
{
    /// <summary>More than this is not counted: the wait grows no longer, and the way back takes no longer.</summary>
    public int MostCounted => Free + (int)Math.Ceiling(Math.Log2(LongestWait / FirstWait));
}

/// <summary>What a wrong try costs. Pure.</summary>
/// <remarks>Every wrong try counts one, and one is forgotten every so often. From <see cref="ThrottleBounds.Free"/> on, each one more doubles the time for
/// which further tries are refused, up to a cap. A refused try is not looked at and not counted, so nobody is locked out by trying alone.</remarks>
internal static class SignInThrottleRules
{
    public static ThrottleState Wrong(ThrottleState state, DateTimeOffset now, ThrottleBounds bounds)
    {
        var faded = Faded(state, now, bounds);
        var counted = Math.Min(faded.Counted + 1, bounds.MostCounted);
        var since = faded.Counted == 0 ? now : faded.Since;
        if (counted < bounds.Free)
            return faded with { Counted = counted, Since = since };
        var wait = TimeSpan.FromTicks(Math.Min(bounds.LongestWait.Ticks, bounds.FirstWait.Ticks << Math.Min(30, counted - bounds.Free)));
        return faded with { Counted = counted, Since = since, RefusedUntil = faded.RefusedUntil > now + wait ? faded.RefusedUntil : now + wait };
    }

    /// <summary>What is left of a count by now.</summary>
    public static ThrottleState Faded(ThrottleState state, DateTimeOffset now, ThrottleBounds bounds)
    {
        var forgotten = Math.Max(0, (now - state.Since).Ticks / bounds.ForgetOneEvery.Ticks);
        if (forgotten >= state.Counted)
            return state with { Counted = 0, Since = now };
        return state with { Counted = state.Counted - (int)forgotten, Since = state.Since + forgotten * bounds.ForgetOneEvery };
    }

    /// <summary>Where a count may have been lost: one wrong try and the waiting begins. A right key is let in as ever.</summary>
    public static ThrottleState Unknown(DateTimeOffset now, ThrottleBounds bounds) => new() { Counted = bounds.Free - 1, Since = now };

    public static ThrottleView View(ThrottleState state, DateTimeOffset now) => new(state.RefusedUntil > now ? state.RefusedUntil : null);

    /// <summary>When there will be nothing left to remember.</summary>
    public static DateTimeOffset CleanAt(ThrottleState state, ThrottleBounds bounds)
    {
        var forgotten = state.Since + state.Counted * bounds.ForgetOneEvery;
        return state.RefusedUntil > forgotten ? state.RefusedUntil : forgotten;
    }
}

/// <summary>What the grain keeps. No member is ever changed in place.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.ThrottleState")]
public sealed record ThrottleState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>Wrong tries that are not forgotten yet.</summary>
    [Id(1)]
    public int Counted { get; init; }

    /// <summary>From when on the next one is being forgotten.</summary>
    [Id(2)]
    public DateTimeOffset Since { get; init; }

    [Id(3)]
    public DateTimeOffset RefusedUntil { get; init; }
}
