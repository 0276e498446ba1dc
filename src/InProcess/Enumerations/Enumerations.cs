namespace Orleans.InProcess;

/// <summary>The enumerations that run on one activation, each known by the caller's number.</summary>
/// <remarks>A step returns what is there at once, up to the batch size; if nothing is, it waits, and answers with a heartbeat before
/// the caller's patience ends. Who stops asking for <see cref="Patience"/> loses the enumeration.</remarks>
internal sealed class Enumerations
{
    private readonly Activation _activation;
    private readonly Dictionary<Guid, Running> _running = [];
    private readonly TaskCompletionSource _aborted;

    private Enumerations(Activation activation)
    {
        _activation = activation;
        _aborted = new(activation.Silo.Continuing);
    }

    private TimeSpan Patience => _activation.Silo.Messaging.ResponseTimeout * 10;

    public static Enumerations Of(Activation activation)
    {
        if (activation.GetComponent<Enumerations>() is not { } running)
            activation.SetComponent(running = new(activation));
        return running;
    }

    public Task<Step<T>> Start<T>(Guid id, MethodEntry method, object?[] arguments, int batchSize)
    {
        var cancellation = new CancellationTokenSource();
        if (method.CancellationIndex >= 0)
            arguments[method.CancellationIndex] = cancellation.Token;
        var source = (IAsyncEnumerable<T>)method.Invoke(_activation.GrainInstance!, arguments)!;
        DropForgotten();
        _running[id] = new Running<T>(source.GetAsyncEnumerator(cancellation.Token), cancellation);
        return Next<T>(id, batchSize);
    }

    public async Task<Step<T>> Next<T>(Guid id, int batchSize)
    {
        if (_aborted.Task.IsCompleted || _running.GetValueOrDefault(id) is not Running<T> running)
            return new(StepOutcome.Missing, []);
        List<T> elements = [];
        try
        {
            while (elements.Count < batchSize)
            {
                var next = running.Advance();
                if (!next.IsCompleted && (elements.Count > 0 || !await Wait(next)))
                    break;
                if (next.IsFaulted && elements.Count > 0)
                    break;
                running.Taken();
                if (!await next)
                {
                    await Drop(id);
                    return new(StepOutcome.Completed, elements);
                }
                elements.Add(_activation.Silo.Copier.Copy(running.Current));
            }
        }
        catch
        {
            await Drop(id);
            throw;
        }
        running.UsedAt = _activation.Silo.MessagingTime.GetTimestamp();
        return _aborted.Task.IsCompleted ? new(StepOutcome.Missing, [])
            : new(elements.Count > 0 ? StepOutcome.Elements : StepOutcome.Heartbeat, elements);
    }

    public async Task<Nothing> Drop(Guid id)
    {
        if (_running.Remove(id, out var running))
            await running.End();
        return default;
    }

    /// <summary>The activation ends: waiting steps return, and the grain's enumerators see their token cancelled.</summary>
    public void Abort()
    {
        _aborted.TrySetResult();
        foreach (var running in _running.Values)
            _ = running.End();
        _running.Clear();
    }

    private async Task<bool> Wait(Task next)
    {
        using var enough = new CancellationTokenSource();
        var pause = Task.Delay(_activation.Silo.Messaging.ResponseTimeout / 2, _activation.Silo.MessagingTime, enough.Token);
        var first = await Task.WhenAny(next, pause, _aborted.Task);
        enough.Cancel();
        return first == next;
    }

    private void DropForgotten()
    {
        var time = _activation.Silo.MessagingTime;
        foreach (var (id, _) in _running.Where(pair => time.GetElapsedTime(pair.Value.UsedAt) > Patience).ToList())
            _ = Drop(id);
    }

    private abstract class Running
    {
        public long UsedAt { get; set; } = long.MaxValue;

        public abstract Task End();
    }

    private sealed class Running<T>(IAsyncEnumerator<T> enumerator, CancellationTokenSource cancellation) : Running
    {
        private Task<bool>? _next;

        public T Current => enumerator.Current;

        public Task<bool> Advance() => _next ??= enumerator.MoveNextAsync().AsTask();

        public void Taken() => _next = null;

        public override async Task End()
        {
            cancellation.Cancel();
            if (_next is not null)
                await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await enumerator.DisposeAsync();
            cancellation.Dispose();
        }
    }
}
