using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>Turns a call on a proxy into a message and a task; knows all calls that still wait.</summary>
internal sealed partial class CallSender(Silo silo)
{
    private readonly PendingCalls _pending = new(silo);

    public PendingCalls Pending => _pending;

    public Task<T> Send<T>(GrainReference target, MethodEntry method, object?[] arguments)
    {
        if (method.IsOneWay)
        {
            SendOneWay(target, method, arguments);
            return Task.FromResult(default(T)!);
        }
        var token = method.CancellationIndex >= 0 ? (CancellationToken)arguments[method.CancellationIndex]! : default;
        if (token.IsCancellationRequested)
            return Task.FromCanceled<T>(token);
        try
        {
            method.CopyArguments(arguments, silo.Copier);
        }
        catch (Exception failure)
        {
            return Task.FromException<T>(failure);
        }
        var message = new Message<T>(silo, target.GrainId, method, arguments)
        {
            Sender = RuntimeContext.Activation,
            Timeout = method.Timeout ?? silo.Messaging.ResponseTimeout,
        };
        return Send(message, target, token);
    }

    /// <summary>Sends a message, filters first.</summary>
    public Task<T> Send<T>(Message<T> message, GrainReference target, CancellationToken token) => silo.Filters.HasOutgoing
        ? silo.Filters.InvokeOutgoing(message, target, () => Dispatch(message, token))
        : Dispatch(message, token);

    public void SendOneWay(GrainReference target, MethodEntry method, object?[] arguments)
    {
        method.CopyArguments(arguments, silo.Copier);
        var message = new OneWayMessage(silo, target.GrainId, method, arguments)
        {
            Sender = RuntimeContext.Activation,
            Context = RequestContext.Values,
        };
        Deliver(message);
    }

    private Task<T> Dispatch<T>(Message<T> message, CancellationToken token)
    {
        message.Context = RequestContext.Values;
        _pending.Add(message);
        if (token.CanBeCanceled)
        {
            if (message.Method.CancellationIndex >= 0)
                message.GiveCalleeToken();
            message.CallerCancellation = token.UnsafeRegister(static (state, token) => Cancel((Message)state!, token), message);
        }
        Deliver(message);
        return message.Task;
    }

    private void Deliver(Message message)
    {
        if (silo.IsGone)
            message.Fail(Gone());
        else if (!silo.Cluster.Membership.IsSpread || TryAddress(message))
            silo.World.Deliver(message, MessageLeg.Request);
    }

    // Looks again after the call was entered among those that wait: who declares a silo dead ends the calls that it finds there.
    private bool TryAddress(Message message)
    {
        try
        {
            message.Gateway = silo.Placement.GatewayOf(message);
            message.Destination = silo.Placement.Home(message);
            if (message.Destination.Status != SiloStatus.Dead || message.Destination == silo)
                return true;
            message.Reject(new SiloUnavailableException($"The silo of {message.Target} is known to be dead; the call had no effect."));
        }
        catch (Exception failure)
        {
            message.Reject(failure);
        }
        return false;
    }

    /// <summary>The silo has ended: nothing is sent any more, and whoever waits in it learns so.</summary>
    public void End()
    {
        _pending.Fail(_ => true, _ => Gone());
        _pending.Dispose();
    }

    private static SiloUnavailableException Gone() => new("The local host of grains and calls has ended.");

    /// <summary>The caller's task has ended.</summary>
    public void Forget(Message message)
    {
        _pending.Remove(message);
        message.CallerCancellation.Unregister();
    }

    private static void Cancel(Message message, CancellationToken token)
    {
        if (message.Fail(new OperationCanceledException(token)))
            message.Abandon();
    }

    public void LogOneWayFailed(Exception failure, Message message) => LogOneWayFailed(silo.Logger, failure, message.Subject, message.Target);

    public void LogCancellationFailed(Exception failure) => LogCancellationFailed(silo.Logger, failure);

    [LoggerMessage(1010, LogLevel.Warning, "One-way call {Call} on {GrainId} failed")]
    private static partial void LogOneWayFailed(ILogger logger, Exception failure, string call, GrainId grainId);

    [LoggerMessage(1011, LogLevel.Warning, "A callback of a cancelled token failed")]
    private static partial void LogCancellationFailed(ILogger logger, Exception failure);
}
