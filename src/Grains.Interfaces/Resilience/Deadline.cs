using Orleans.Runtime;
using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Until when somebody waits for what the current call does. It travels with calls; whoever begins something expensive asks it first.</summary>
/// <remarks>
/// Within a process it is a moment of that process's clock. Between processes only what is left of it travels, because clocks of machines differ (so does gRPC's <c>grpc-timeout</c>): the way itself
/// is not taken off, so a call over n processes may end by n messages' times later than its caller gives up.
/// </remarks>
public static class Deadline
{
    private const string Slot = "sophia.deadline", LeftSlot = "sophia.deadline.left";

    /// <summary>The moment, in ticks of UTC; null: nobody said how long he waits.</summary>
    public static DateTimeOffset? At => RequestContext.Get(Slot) is long ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>What is left; zero or less: the time is over. Null: there is no deadline.</summary>
    public static TimeSpan? Left(TimeProvider time) => At is { } at ? at - time.GetUtcNow() : null;

    public static bool IsPassed(TimeProvider time) => At is { } at && at <= time.GetUtcNow();

    /// <exception cref="RefusedException">The time of whoever asked is over.</exception>
    public static void ThrowIfPassed(TimeProvider time)
    {
        if (IsPassed(time))
            throw Passed();
    }

    public static RefusedException Passed() => new(RefusalCode.DeadlinePassed, "The time that the caller gave is over; nothing more is done for this call.");

    /// <summary>Sets a deadline until disposed; a sooner one that is set already stays.</summary>
    public static Scope Until(DateTimeOffset at) => new(At is { } already && already < at ? already : at);

    /// <summary>Until disposed nothing has a deadline: for work that goes on when its caller has gone.</summary>
    public static Scope None() => new(null);

    /// <summary>Whether a call that left now would carry anything of it.</summary>
    public static bool IsCarried => RequestContext.Get(Slot) is not null || RequestContext.Get(LeftSlot) is not null;

    /// <summary>Until disposed a leaving call carries what is left, and nothing else: the moment is of this process's clock, and must mean nothing to whatever the call wakes on its way.</summary>
    public static Scope Leaving(TimeProvider time)
    {
        var left = Left(time);
        var scope = None();
        if (left is { } span)
            RequestContext.Set(LeftSlot, span.Ticks);
        return scope;
    }

    /// <summary>Takes what an arriving call carried, as a moment of this process's clock. False: nothing.</summary>
    public static bool Unpack(TimeProvider time)
    {
        if (RequestContext.Get(LeftSlot) is not long ticks)
            return false;
        RequestContext.Remove(LeftSlot);
        RequestContext.Set(Slot, (time.GetUtcNow() + TimeSpan.FromTicks(ticks)).UtcTicks);
        return true;
    }

    public readonly struct Scope : IDisposable
    {
        private readonly object? before = RequestContext.Get(Slot), leftBefore = RequestContext.Get(LeftSlot);

        internal Scope(DateTimeOffset? at)
        {
            Put(Slot, at?.UtcTicks);
            if (at is null)
                RequestContext.Remove(LeftSlot);
        }

        public void Dispose()
        {
            Put(Slot, before);
            Put(LeftSlot, leftBefore);
        }

        private static void Put(string slot, object? value)
        {
            if (value is null)
                RequestContext.Remove(slot);
            else
                RequestContext.Set(slot, value);
        }
    }
}

/// <summary>A method that works for whoever waits for it: his deadline goes on into it, and where that is over it is refused, also in the middle of another grain's work. What any other method does has no deadline.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EndsAtDeadlineAttribute : Attribute;
