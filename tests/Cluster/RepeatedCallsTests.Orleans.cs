using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;
using Sophia.Operations;

namespace Sophia.Cluster;

// Goal: a repeated call asks for what was asked. Method: a callee that clears the request's arguments, as one in the same process does when it has run after its caller gave up.
public sealed class RepeatedCallsTests
{
    public interface IAsked
    {
        [Repeatable]
        Task<string> Find(string what, int limit);

        Task Take(string what);
    }

    [Fact]
    public async Task A_call_whose_answer_came_too_late_is_made_again_with_its_arguments()
    {
        var call = new Call(nameof(IAsked.Find), ["pumps", 3], new TimeoutException());
        await new RepeatedCalls(TimeProvider.System).Invoke(call);
        Assert.Equal(("3 pumps", 1), (call.Result, call.Sent));
    }

    [Fact]
    public async Task A_rejected_call_is_made_again_whatever_it_is()
    {
        var call = new Call(nameof(IAsked.Take), ["it"], Rejected());
        await new RepeatedCalls(TimeProvider.System).Invoke(call);
        Assert.Equal(("it", 1), (call.Asked.Taken, call.Sent));
    }

    public static TheoryData<Exception> Unknown =>
    [
        new TimeoutException(),
        new SiloUnavailableException("The target silo became unavailable for message: Request. See the docs."),
        new SiloUnavailableException("The local Orleans host is shutting down and can no longer process the request: Request."),
    ];

    [Theory]
    [MemberData(nameof(Unknown))]
    public async Task What_may_not_be_done_twice_is_not_made_again_where_its_outcome_is_unknown(Exception failure)
    {
        var call = new Call(nameof(IAsked.Take), ["it"], failure);
        Assert.Same(failure, await Record.ExceptionAsync(() => new RepeatedCalls(TimeProvider.System).Invoke(call)));
        Assert.Null(call.Asked.Taken);
        var repeatable = new Call(nameof(IAsked.Find), ["it", 1], failure);
        await new RepeatedCalls(TimeProvider.System).Invoke(repeatable);
        Assert.Equal("1 it", repeatable.Result);
    }

    [Fact]
    public async Task What_was_never_sent_to_a_dead_silo_is_made_again_whatever_it_is()
    {
        var call = new Call(nameof(IAsked.Take), ["it"], new SiloUnavailableException());
        await new RepeatedCalls(TimeProvider.System).Invoke(call);
        Assert.Equal(("it", 1), (call.Asked.Taken, call.Sent));
    }

    // Made by the runtime alone.
    private static OrleansMessageRejectionException Rejected() =>
        (OrleansMessageRejectionException)typeof(OrleansMessageRejectionException).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public, [typeof(string)])!.Invoke(["busy"]);

    private sealed class Asked : IAsked
    {
        public string? Taken { get; private set; }

        public Task<string> Find(string what, int limit) => Task.FromResult($"{limit} {what}");

        public Task Take(string what)
        {
            Taken = what;
            return Task.CompletedTask;
        }
    }

    private sealed class Call(string method, object?[] arguments, Exception failure) : RequestBase, IOutgoingGrainCallContext
    {
        public Asked Asked { get; } = new();

        public int Sent { get; private set; }

        public IInvokable Request => this;

        public object Grain => Asked;

        public MethodInfo InterfaceMethod { get; } = typeof(IAsked).GetMethod(method)!;

        public object? Result { get; set; }

        public Response? Response { get; set; }

        public GrainId? SourceId => null;

        public GrainId TargetId => default;

        public GrainInterfaceType InterfaceType => default;

        public string InterfaceName => "";

        public string MethodName => method;

        public IGrainContext? SourceContext => null;

        public override int GetArgumentCount() => arguments.Length;

        public override object GetArgument(int index) => arguments[index]!;

        public override object GetTarget() => Asked;

        public override void SetTarget(ITargetHolder holder)
        {
        }

        public override string GetMethodName() => method;

        public override string GetInterfaceName() => "";

        public override string GetActivityName() => "";

        public override Type GetInterfaceType() => typeof(IAsked);

        public override MethodInfo GetMethod() => InterfaceMethod;

        public override void Dispose() => Array.Clear(arguments);

        public override ValueTask<Response> Invoke() => throw new NotSupportedException();

        Task IGrainCallContext.Invoke()
        {
            Sent++;
            Dispose();
            return Task.FromException(failure);
        }
    }
}
