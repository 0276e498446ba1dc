using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Orleans.InProcess;

/// <summary>One call from its proxy to its reply: request, running call and answer in one object.</summary>
internal abstract class Message(Silo silo, GrainId target, MethodEntry method, object?[] arguments) : Request(target), IInvokable
{
    private Task? _running;
    private Activation? _on;
    private CancellationTokenSource? _calleeCancellation;
    private int _abandoned;

    public Silo Silo => silo;

    public MethodEntry Method => method;

    public object?[] Arguments => arguments;

    /// <summary>The activation that sent it; null when the caller is no grain.</summary>
    public Activation? Sender { get; init; }

    /// <summary>The silo that it was sent to; null as long as only the caller's own can be meant.</summary>
    public Silo? Destination { get; set; }

    /// <summary>The silo through which a client's call goes, and its reply comes; null if no client sent it.</summary>
    public Silo? Gateway { get; set; }

    /// <summary>When the caller stops waiting, on the clock of messaging.</summary>
    public long Deadline { get; set; }

    public TimeSpan Timeout { get; init; }

    /// <summary>Where the calls that still wait are kept; null once it is not waited for.</summary>
    public LinkedListNode<Message>? Waiting { get; set; }

    public CancellationTokenRegistration CallerCancellation { get; set; }

    public override GrainId? Source => Sender?.GrainId;

    public override SiloAddress? From => silo.Address;

    public override SiloAddress? To => (Destination ?? silo).Address;

    public override string Subject => method.Subject;

    public override bool AlwaysInterleaves => method.AlwaysInterleaves;

    public override bool IsReadOnly => method.IsReadOnly;

    public override bool IsAbandoned => _abandoned != 0;

    /// <summary>Whether the caller's task has ended.</summary>
    public abstract bool IsAnswered { get; }

    /// <summary>Ends the caller's task with a failure; false if it has ended already.</summary>
    public abstract bool Fail(Exception failure);

    /// <summary>Ends the caller's task with what <see cref="Keep(Task)"/> kept.</summary>
    protected abstract void Answer();

    /// <summary>Keeps the result or failure of a task that has ended until the reply arrives.</summary>
    protected abstract void Keep(Task ended);

    /// <summary>Keeps a failure until the reply arrives.</summary>
    protected abstract void Keep(Exception failure);

    public override void Arrive(MessageLeg leg)
    {
        if (Gateway is { HasCrashed: true })
            return;
        if (leg == MessageLeg.Request)
            (Destination ?? silo).Receive(this);
        else if (leg == MessageLeg.Reply)
            ReplyArrived();
        else
            CancelCallee();
    }

    public override void Begin(Activation on)
    {
        _on = on;
        try
        {
            if (Context is not null)
                RequestContext.Values = Context;
            _running = Invoke(on);
            if (!_running.IsCompleted)
            {
                _running.GetAwaiter().UnsafeOnCompleted(End);
                return;
            }
            Keep(_running);
        }
        catch (Exception failure)
        {
            Keep(failure);
        }
        Finish();
    }

    public override void Reject(Exception why)
    {
        Keep(why);
        silo.World.Deliver(this, MessageLeg.Reply);
    }

    /// <summary>The caller no longer waits: a request that has not begun never will, one that runs has its token cancelled.</summary>
    public void Abandon()
    {
        _abandoned = 1;
        silo.World.Deliver(this, MessageLeg.Cancel);
    }

    /// <summary>Gives the callee a token of its own in place of the caller's.</summary>
    public void GiveCalleeToken()
    {
        _calleeCancellation = new();
        arguments[method.CancellationIndex] = _calleeCancellation.Token;
    }

    /// <summary>Runs the call, filters included.</summary>
    protected virtual Task Invoke(Activation on) => method.InterfaceType == typeof(Core.Internal.IGrainManagementExtension) ? Manage(on)
        : on.Silo.Filters.HasIncoming(on)
        ? on.Silo.Filters.InvokeIncoming(this, on)
        : InvokeTarget(on);

    public virtual Task InvokeTarget(Activation on) => 
        (Task?)method.Invoke(on.GrainInstance ?? throw new ClientNotAvailableException($"{Target} is gone."), arguments) ?? Task.CompletedTask;

    private static Task Manage(Activation on)
    {
        on.Deactivate(new(DeactivationReasonCode.ApplicationRequested, $"{nameof(Core.Internal.IGrainManagementExtension.DeactivateOnIdle)} was called."));
        return Task.CompletedTask;
    }

    /// <summary>Runs the chain of filters and yields a task of this message's result type.</summary>
    public abstract Task RunFiltered(IGrainCallContext chain);

    /// <summary>The result of a task that has ended well; null if it has none.</summary>
    public abstract object? ResultOf(Task ended);

    private void End()
    {
        Keep(_running!);
        Finish();
    }

    private void Finish()
    {
        silo.World.Deliver(this, MessageLeg.Reply);
        _on!.Completed(this);
    }

    private void ReplyArrived()
    {
        if (!silo.HasCrashed)
            Answer();
    }

    private void CancelCallee()
    {
        if (_calleeCancellation is not { } cancellation)
            return;
        if (_on is { } on)
            on.Turns.TryPost(new CancelTurn(cancellation));
        else
            cancellation.Cancel();
    }

    int IInvokable.GetArgumentCount() => arguments.Length;

    object? IInvokable.GetArgument(int index) => arguments[index];

    void IInvokable.SetArgument(int index, object value) => arguments[index] = value;

    string IInvokable.GetMethodName() => method.Method.Name;

    string IInvokable.GetInterfaceName() => method.InterfaceName;

    MethodInfo IInvokable.GetMethod() => method.Method;

    Type IInvokable.GetInterfaceType() => method.InterfaceType;

    private sealed class CancelTurn(CancellationTokenSource cancellation) : ITurn
    {
        public void Run(Activation on)
        {
            try
            {
                cancellation.Cancel();
            }
            catch (AggregateException failure)
            {
                on.Silo.Calls.LogCancellationFailed(failure);
            }
        }
    }
}
