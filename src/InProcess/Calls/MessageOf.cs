using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>A call whose caller waits for a <typeparamref name="T"/>.</summary>
internal class Message<T>(Silo silo, GrainId target, MethodEntry method, object?[] arguments) : Message(silo, target, method, arguments)
{
    private readonly TaskCompletionSource<T> _caller = new(silo.Continuing);
    private bool _filtered;
    private T? _result;
    private Exception? _failure;

    public Task<T> Task => _caller.Task;

    public override bool IsAnswered => _caller.Task.IsCompleted;

    public override bool Fail(Exception failure)
    {
        var first = failure is OperationCanceledException canceled && canceled.CancellationToken.IsCancellationRequested
            ? _caller.TrySetCanceled(canceled.CancellationToken)
            : _caller.TrySetException(failure);
        if (first)
            Silo.Calls.Forget(this);
        return first;
    }

    protected override void Answer()
    {
        if (_failure is not null)
            Fail(_failure);
        else if (_caller.TrySetResult(_result!))
            Silo.Calls.Forget(this);
    }

    protected override void Keep(Exception failure) => Blame(failure);

    public override async Task RunFiltered(IGrainCallContext chain)
    {
        await chain.Invoke();
        _filtered = true;
        _result = chain.Result is T result ? result : default;
    }

    public override object? ResultOf(Task ended) => ended is Task<T> typed && typeof(T) != typeof(Nothing) ? typed.Result : null;

    protected override void Keep(Task ended)
    {
        try
        {
            if (ended.IsCompletedSuccessfully)
                KeepResult(ended);
            else
                ended.GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            Blame(failure);
        }
    }

    private void KeepResult(Task ended)
    {
        if (typeof(T) == typeof(Nothing))
            return;
        var result = _filtered ? _result : ((Task<T>)ended).Result;
        if (result is GrainReference reference && reference.Silo != Silo)
            result = (T)(object)reference.In(Silo);
        _result = Method.CopiesResult ? Silo.Copier.Copy(result!) : result;
    }

    // An activation whose write met a newer ETag holds stale state: it ends, and the next call reads anew.
    private void Blame(Exception failure)
    {
        if (failure is Storage.InconsistentStateException { IsSourceActivation: true } stale)
        {
            stale.IsSourceActivation = false;
            RuntimeContext.Activation?.Deactivate(new(DeactivationReasonCode.ApplicationError, stale,
                "Grain state is inconsistent with storage."));
        }
        _failure = failure;
    }
}

/// <summary>A call that nobody waits for.</summary>
internal sealed class OneWayMessage(Silo silo, GrainId target, MethodEntry method, object?[] arguments)
    : Message(silo, target, method, arguments)
{
    public override bool IsAnswered => true;

    public override bool Fail(Exception failure) => false;

    protected override void Answer() { }

    protected override void Keep(Task ended)
    {
        if (ended.Exception is { } failure)
            Silo.Calls.LogOneWayFailed(failure.InnerException ?? failure, this);
    }

    public override Task RunFiltered(IGrainCallContext chain) => chain.Invoke();

    public override object? ResultOf(Task ended) => null;

    protected override void Keep(Exception failure) => Silo.Calls.LogOneWayFailed(failure, this);
}
