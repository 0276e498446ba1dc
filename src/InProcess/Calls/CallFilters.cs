using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Orleans.InProcess;

/// <summary>Runs the filters around calls, in the order in which they were registered; the grain's own comes last.</summary>
internal sealed class CallFilters(IIncomingGrainCallFilter[] incoming, IOutgoingGrainCallFilter[] outgoing)
{
    public bool HasOutgoing => outgoing.Length > 0;

    public bool HasIncoming(Activation on) => incoming.Length > 0 || on.GrainInstance is IIncomingGrainCallFilter;

    public Task InvokeIncoming(Message message, Activation on) => on.GrainInstance is IIncomingGrainCallFilter own
        ? new IncomingContext(message, on, [.. incoming, own]).Run()
        : new IncomingContext(message, on, incoming).Run();

    public Task<T> InvokeOutgoing<T>(Message<T> message, GrainReference target, Func<Task<T>> send) =>
        new OutgoingContext<T>(message, target, outgoing, send).Run();

    private abstract class Context(Message message) : IGrainCallContext
    {
        private int _next;

        protected Message Call => message;

        public IInvokable Request => message;

        public abstract object Grain { get; }

        public GrainId? SourceId => message.Source;

        public GrainId TargetId => message.Target;

        public GrainInterfaceType InterfaceType => message.Method.InterfaceId;

        public string InterfaceName => message.Method.InterfaceName;

        public string MethodName => message.Method.Method.Name;

        public MethodInfo InterfaceMethod => message.Method.Method;

        public object? Result { get; set; }

        protected abstract int Count { get; }

        public Task Invoke() => _next < Count ? InvokeFilter(_next++) : InvokeLast();

        protected abstract Task InvokeFilter(int index);

        protected abstract Task InvokeLast();
    }

    private sealed class IncomingContext(Message message, Activation on, IIncomingGrainCallFilter[] filters)
        : Context(message), IIncomingGrainCallContext
    {
        public override object Grain => on.GrainInstance!;

        public IGrainContext TargetContext => on;

        public MethodInfo ImplementationMethod => on.Class.Implementation(Call.Method);

        protected override int Count => filters.Length;

        public Task Run() => Call.RunFiltered(this);

        protected override Task InvokeFilter(int index) => filters[index].Invoke(this);

        protected override async Task InvokeLast()
        {
            var task = Call.InvokeTarget(on);
            await task;
            Result = Call.ResultOf(task);
        }
    }

    private sealed class OutgoingContext<T>(Message<T> message, GrainReference target, IOutgoingGrainCallFilter[] filters, Func<Task<T>> send)
        : Context(message), IOutgoingGrainCallContext
    {
        public override object Grain => target;

        public IGrainContext? SourceContext => Call.Sender;

        protected override int Count => filters.Length;

        public async Task<T> Run()
        {
            await Invoke();
            return Result is T result ? result : default!;
        }

        protected override Task InvokeFilter(int index) => filters[index].Invoke(this);

        protected override async Task InvokeLast() => Result = await send();
    }
}
