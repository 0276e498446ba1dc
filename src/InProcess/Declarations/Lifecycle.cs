namespace Orleans
{
    /// <summary>Wants to know when something starts and stops.</summary>
    public interface ILifecycleObserver
    {
        /// <summary>Its stage starts.</summary>
        Task OnStart(CancellationToken cancellationToken = default);

        /// <summary>Its stage stops.</summary>
        Task OnStop(CancellationToken cancellationToken = default);
    }

    /// <summary>Something that starts and stops in stages.</summary>
    public interface ILifecycleObservable
    {
        /// <summary>Takes part in a stage; disposing what is returned ends it.</summary>
        IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer);
    }

    /// <summary>Takes part in a lifecycle; registered as a service, it is asked before the start.</summary>
    public interface ILifecycleParticipant<TLifecycleObservable> where TLifecycleObservable : ILifecycleObservable
    {
        /// <summary>Subscribes to the stages that it wants.</summary>
        void Participate(TLifecycleObservable lifecycle);
    }

    /// <summary>The stages of a silo: they start in this order and stop in reverse.</summary>
    public static class ServiceLifecycleStage
    {
        /// <summary>The first.</summary>
        public const int First = int.MinValue;

        /// <summary>The runtime's own base.</summary>
        public const int RuntimeInitialize = 2000;

        /// <summary>The runtime's services.</summary>
        public const int RuntimeServices = 4000;

        /// <summary>The runtime's storage.</summary>
        public const int RuntimeStorageServices = 6000;

        /// <summary>The runtime's services that grains use.</summary>
        public const int RuntimeGrainServices = 8000;

        /// <summary>After them: the silo joins.</summary>
        public const int AfterRuntimeGrainServices = 8100;

        /// <summary>The application's services.</summary>
        public const int ApplicationServices = 10000;

        /// <summary>The silo takes grains from here on, and when stopping no new ones from here on.</summary>
        public const int BecomeActive = Active - 1;

        /// <summary>When stopping: its grains are deactivated.</summary>
        public const int GrainDeactivation = BecomeActive - 1;

        /// <summary>Active: grains can be called.</summary>
        public const int Active = 20000;

        /// <summary>The last.</summary>
        public const int Last = int.MaxValue;
    }

    /// <summary>Subscribes functions.</summary>
    public static class LifecycleExtensions
    {
        /// <summary>Takes part in a stage with a function for each way.</summary>
        public static IDisposable Subscribe(this ILifecycleObservable observable, string observerName, int stage,
            Func<CancellationToken, Task> onStart, Func<CancellationToken, Task>? onStop) =>
            observable.Subscribe(observerName, stage, new Observer(onStart, onStop));

        /// <summary>Takes part in a stage's start.</summary>
        public static IDisposable Subscribe(this ILifecycleObservable observable, string observerName, int stage,
            Func<CancellationToken, Task> onStart) => observable.Subscribe(observerName, stage, onStart, null);

        /// <summary>Takes part in a stage under the name of a type.</summary>
        public static IDisposable Subscribe<TObserver>(this ILifecycleObservable observable, int stage,
            Func<CancellationToken, Task> onStart, Func<CancellationToken, Task> onStop) =>
            observable.Subscribe(typeof(TObserver).FullName!, stage, onStart, onStop);

        private sealed class Observer(Func<CancellationToken, Task> onStart, Func<CancellationToken, Task>? onStop) : ILifecycleObserver
        {
            public Task OnStart(CancellationToken cancellationToken) => onStart(cancellationToken);

            public Task OnStop(CancellationToken cancellationToken) => onStop?.Invoke(cancellationToken) ?? Task.CompletedTask;
        }
    }
}

namespace Orleans.Runtime
{
    /// <summary>The life of a silo.</summary>
    public interface ISiloLifecycle : ILifecycleObservable
    {
        /// <summary>The last stage that has started; <see cref="int.MinValue"/> for none.</summary>
        int HighestCompletedStage { get; }

        /// <summary>The last stage that has stopped; <see cref="int.MaxValue"/> for none.</summary>
        int LowestStoppedStage { get; }
    }
}
