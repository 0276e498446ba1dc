using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>One turn that is no continuation: a message that arrived, or a step of the activation's own life.</summary>
internal interface ITurn
{
    /// <summary>Runs on the activation's scheduler; never throws.</summary>
    void Run(Activation on);
}

/// <summary>The turns of one activation in order of arrival, one at a time: messages, and what its awaits continue with.</summary>
/// <remarks>It is the <see cref="TaskScheduler"/> that grain code sees as current, so continuations and tasks that a grain starts come
/// back here. The lock guards only the queue and is never held while a turn runs. Each message runs in a task of its own, so that
/// what it puts into its execution context ends with it.</remarks>
internal sealed class TurnQueue(Activation owner, IRuntimeWorld world) : TaskScheduler, ITurnSource
{
    private static readonly Action<object?> RunTurn = static turn => ((ITurn)turn!).Run(RuntimeContext.Activation!);

    private readonly Lock _gate = new();
    private readonly Queue<object> _items = new();
    private bool _scheduled;
    private bool _closed;

    public GrainId Owner => owner.GrainId;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Adds a turn; false once closed.</summary>
    public bool TryPost(ITurn turn) => Enqueue(turn, evenIfClosed: false);

    /// <summary>Closes for messages and, before anyone can learn of it, hands those left to <paramref name="handOver"/>, in order.
    /// Continuations still run.</summary>
    public void Close(Action<List<ITurn>> handOver)
    {
        lock (_gate)
        {
            _closed = true;
            List<ITurn> left = [];
            for (var n = _items.Count; n > 0; n--)
            {
                var item = _items.Dequeue();
                if (item is ITurn turn)
                    left.Add(turn);
                else
                    _items.Enqueue(item);
            }
            handOver(left);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        var before = RuntimeContext.Swap(owner);
        try
        {
            for (var turns = world.TurnsPerSlice; turns > 0; turns--)
            {
                if (owner.Silo.HasCrashed || !TryDequeue(out var item))
                    return;
                if (item is Task task)
                    TryExecuteTask(task);
                else
                    new Task(RunTurn, item, CancellationToken.None, TaskCreationOptions.DenyChildAttach).RunSynchronously(this);
            }
        }
        finally
        {
            RuntimeContext.Swap(before);
        }
        world.Schedule(this);
    }

    protected override void QueueTask(Task task) => Enqueue(task, evenIfClosed: true);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && RuntimeContext.Activation == owner && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate)
            return [.. _items.OfType<Task>()];
    }

    private bool Enqueue(object item, bool evenIfClosed)
    {
        lock (_gate)
        {
            if (_closed && !evenIfClosed)
                return false;
            _items.Enqueue(item);
            if (_scheduled)
                return true;
            _scheduled = true;
        }
        world.Schedule(this);
        return true;
    }

    private bool TryDequeue([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out object? item)
    {
        lock (_gate)
        {
            if (_items.TryDequeue(out item))
                return true;
            _scheduled = false;
            return false;
        }
    }
}
