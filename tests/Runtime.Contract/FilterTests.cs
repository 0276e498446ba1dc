namespace Sophia.Runtime.Contract;

public interface IGuardedGrain : IGrainWithStringKey
{
    Task<int> Double(int number);

    Task Forbidden();

    Task<string> Mark();
}

public sealed class GuardedGrain : Grain, IGuardedGrain, IIncomingGrainCallFilter
{
    public Task<int> Double(int number) => Task.FromResult(2 * number);

    public Task Forbidden() => Task.CompletedTask;

    public Task<string> Mark() => Task.FromResult(RequestContext.Get("mark") as string ?? "none");

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        await context.Invoke();
        if (context.Result is int number)
            context.Result = number + 1;
    }
}

public sealed class WatchingFilter(Journal journal) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceName == typeof(IGuardedGrain).FullName)
            journal.Write($"filter {context.TargetId.Key}", context.MethodName);
        if (context.MethodName == nameof(IGuardedGrain.Forbidden))
            throw new UnauthorizedAccessException("not yours");
        await context.Invoke();
    }
}

public sealed class MarkingFilter : IOutgoingGrainCallFilter
{
    public Task Invoke(IOutgoingGrainCallContext context)
    {
        if (context.MethodName == nameof(IGuardedGrain.Mark))
            RequestContext.Set("mark", "marked");
        return context.Invoke();
    }
}

/// <summary>Filters around calls.</summary>
[Collection(Contract.Name)]
public sealed class FilterTests(RuntimeFixture runtime)
{
    private IGuardedGrain Grain(string key) => runtime.Grains.GetGrain<IGuardedGrain>(key);

    [Fact]
    public async Task An_incoming_filter_sees_target_and_method_and_the_grains_own_filter_may_change_the_result()
    {
        Assert.Equal(9, await Grain("seen").Double(4));
        Assert.Equal(["Double"], runtime.Journal.Read("filter seen"));
    }

    [Fact]
    public async Task A_filter_that_throws_refuses_the_call() =>
        Assert.Equal("not yours", (await Assert.ThrowsAsync<UnauthorizedAccessException>(Grain("no").Forbidden)).Message);

    [Fact]
    public async Task An_outgoing_filter_may_add_to_the_request_context() => Assert.Equal("marked", await Grain("mark").Mark());
}
