using Orleans.InProcess;
using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>The enumeration ended early: its grain was deactivated, or nobody asked for the next element for too long.</summary>
    public sealed class EnumerationAbortedException : Exception
    {
        /// <summary>Empty.</summary>
        public EnumerationAbortedException() { }

        /// <summary>With a text.</summary>
        public EnumerationAbortedException(string message) : base(message) { }

        /// <summary>With a text and its cause.</summary>
        public EnumerationAbortedException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>Options of an enumeration that a grain returned.</summary>
    public static class AsyncEnumerableExtensions
    {
        /// <summary>At most this many elements travel at once; default 100.</summary>
        public static IAsyncEnumerable<T> WithBatchSize<T>(this IAsyncEnumerable<T> self, int maxBatchSize)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(maxBatchSize, 1);
            if (self is RemoteEnumerable<T> remote)
                remote.MaxBatchSize = maxBatchSize;
            return self;
        }
    }
}

namespace Orleans.InProcess
{
    /// <summary>An enumeration that runs on a grain: each step is a call that interleaves with the grain's others.</summary>
    internal sealed class RemoteEnumerable<T>(GrainReference target, MethodEntry method, object?[] arguments) : IAsyncEnumerable<T>
    {
        public int MaxBatchSize { get; set; } = 100;

        public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            var own = method.CancellationIndex >= 0 ? (CancellationToken)arguments[method.CancellationIndex]! : default;
            object?[] copies = [.. arguments];
            method.CopyArguments(copies, target.Silo.Copier);
            return new RemoteEnumerator<T>(target, method, copies, MaxBatchSize, own, cancellationToken);
        }
    }

    /// <summary>What a step brought.</summary>
    internal enum StepOutcome
    {
        /// <summary>Elements, and there may be more.</summary>
        Elements,

        /// <summary>Nothing yet; ask again.</summary>
        Heartbeat,

        /// <summary>Elements, perhaps none, and the end.</summary>
        Completed,

        /// <summary>The grain does not know this enumeration.</summary>
        Missing,
    }

    internal readonly record struct Step<T>(StepOutcome Outcome, List<T> Elements);

    /// <summary>The caller's end of a <see cref="RemoteEnumerable{T}"/>.</summary>
    internal sealed class RemoteEnumerator<T>(GrainReference target, MethodEntry method, object?[] arguments, int batchSize,
        CancellationToken first, CancellationToken second) : IAsyncEnumerator<T>
    {
        private readonly CancellationTokenSource _cancellation = CancellationTokenSource.CreateLinkedTokenSource(first, second);
        private readonly Guid _id = target.Silo.World.NewGuid();
        private List<T> _batch = [];
        private int _index = -1;
        private bool _started;
        private bool _ended;
        private bool _disposed;

        public T Current => _index >= 0 && _index < _batch.Count
            ? _batch[_index]
            : throw new InvalidOperationException("Cannot get current value of an invalid enumerator.");

        public async ValueTask<bool> MoveNextAsync()
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (++_index < _batch.Count)
                return true;
            while (!_ended)
            {
                await Fetch();
                if (_batch.Count > 0)
                    return true;
            }
            return false;
        }

        public async ValueTask DisposeAsync()
        {
            if (_disposed)
                return;
            _disposed = true;
            var wasRunning = _started && !_ended;
            _cancellation.Dispose();
            if (wasRunning)
                await Send(EnumerationMessage.Dispose, running => running.Drop(_id), default);
        }

        private async Task Fetch()
        {
            var token = _cancellation.Token;
            token.ThrowIfCancellationRequested();
            var isFirst = !_started;
            _started = true;
            Step<T> step;
            try
            {
                step = await (isFirst
                    ? Send(EnumerationMessage.Start, running => running.Start<T>(_id, method, arguments, batchSize), token)
                    : Send(EnumerationMessage.Next, running => running.Next<T>(_id, batchSize), token));
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                _ended = true;
                throw;
            }
            if (step.Outcome == StepOutcome.Missing)
            {
                _ended = true;
                throw new EnumerationAbortedException("Enumeration aborted: the grain does not have a record of this enumerator. "
                    + "It was probably deactivated since the enumeration began, or nobody asked for the next element for too long.");
            }
            _ended = step.Outcome == StepOutcome.Completed;
            _batch = step.Elements;
            _index = 0;
        }

        private Task<TResult> Send<TResult>(string subject, Func<Enumerations, Task<TResult>> work, CancellationToken token)
        {
            var silo = target.Caller;
            var message = new EnumerationMessage<TResult>(silo, target.GrainId, EnumerationMessage.Entry(silo, subject), work)
            {
                Sender = RuntimeContext.Activation,
                Timeout = silo.Messaging.ResponseTimeout,
            };
            return silo.Calls.Send(message, target, token);
        }
    }
}
