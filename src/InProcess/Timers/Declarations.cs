using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>A timer of one activation; its ticks are turns and end with the activation.</summary>
    public interface IGrainTimer : IDisposable
    {
        /// <summary>Sets when it ticks next and how long after the end of each tick it ticks again.</summary>
        void Change(TimeSpan dueTime, TimeSpan period);
    }

    /// <summary>How a timer ticks.</summary>
    public readonly struct GrainTimerCreationOptions()
    {
        /// <summary>With due time and period.</summary>
        [SetsRequiredMembers]
        public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this()
        {
            DueTime = dueTime;
            Period = period;
        }

        /// <summary>Until the first tick; <see cref="Timeout.InfiniteTimeSpan"/> for never.</summary>
        public required TimeSpan DueTime { get; init; }

        /// <summary>From the end of a tick to the next; <see cref="Timeout.InfiniteTimeSpan"/> for a single tick.</summary>
        public required TimeSpan Period { get; init; }

        /// <summary>Whether ticks interleave with calls; default false.</summary>
        public bool Interleave { get; init; }

        /// <summary>Whether a tick counts as use for idle collection; default false.</summary>
        public bool KeepAlive { get; init; }
    }
}

namespace Orleans.Timers
{
    /// <summary>Makes timers for activations.</summary>
    public interface ITimerRegistry
    {
        /// <summary>Makes a timer.</summary>
        IGrainTimer RegisterGrainTimer<TState>(IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state,
            GrainTimerCreationOptions options);
    }
}

namespace Orleans
{
    using Microsoft.Extensions.DependencyInjection;
    using Orleans.Timers;

    /// <summary>What a grain may ask of its activation.</summary>
    public static class GrainBaseExtensions
    {
        /// <summary>Ends this activation once the calls that run now have ended.</summary>
        public static void DeactivateOnIdle(this IGrainBase grain) => grain.GrainContext.Deactivate(
            new(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

        /// <summary>Ends this activation once the calls that run now have ended; its next one is where placement would put it now. Silos of one process
        /// remember no places, so nothing has to be told to anybody.</summary>
        public static void MigrateOnIdle(this IGrainBase grain) => grain.GrainContext.Deactivate(
            new(DeactivationReasonCode.Migrating, $"{nameof(MigrateOnIdle)} was called."));

        /// <summary>Makes a timer; the token is cancelled when the timer is disposed or the activation ends.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(this IGrainBase grain, Func<TState, CancellationToken, Task> callback,
            TState state, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            var registry = grain is Grain { Runtime: { } runtime }
                ? runtime.TimerRegistry
                : grain.GrainContext.ActivationServices.GetRequiredService<ITimerRegistry>();
            return registry.RegisterGrainTimer(grain.GrainContext, callback, state, options);
        }

        /// <summary>Makes a timer.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback,
            GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return RegisterGrainTimer(grain, static (callback, cancellation) => callback(cancellation), callback, options);
        }

        /// <summary>Makes a timer.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<Task> callback, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return RegisterGrainTimer(grain, static (callback, _) => callback(), callback, options);
        }

        /// <summary>Makes a timer.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(this IGrainBase grain, Func<TState, Task> callback, TState state,
            GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return RegisterGrainTimer(grain, static (it, _) => it.Callback(it.State), (Callback: callback, State: state), options);
        }

        /// <summary>Makes a timer.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<Task> callback, TimeSpan dueTime, TimeSpan period)
            => RegisterGrainTimer(grain, callback, new() { DueTime = dueTime, Period = period });

        /// <summary>Makes a timer.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime,
            TimeSpan period) => RegisterGrainTimer(grain, callback, new() { DueTime = dueTime, Period = period });

        /// <summary>Makes a timer.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(this IGrainBase grain, Func<TState, Task> callback, TState state,
            TimeSpan dueTime, TimeSpan period)
            => RegisterGrainTimer(grain, callback, state, new() { DueTime = dueTime, Period = period });

        /// <summary>Makes a timer.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(this IGrainBase grain, Func<TState, CancellationToken, Task> callback,
            TState state, TimeSpan dueTime, TimeSpan period)
            => RegisterGrainTimer(grain, callback, state, new() { DueTime = dueTime, Period = period });
    }
}
