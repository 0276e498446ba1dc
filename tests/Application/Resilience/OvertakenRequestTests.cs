using Microsoft.AspNetCore.Http;
using Sophia.Hosting;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: a request whose key another has taken over meanwhile stops where it can, and its caller is told that the other one is at it; one that cannot be stopped is answered as ever. Method: the middleware over work whose lease the test takes away.
public sealed class OvertakenRequestTests
{
    [Fact]
    public async Task A_request_that_was_overtaken_stops_and_is_told_that_another_is_at_it()
    {
        var (taken, callers) = (new Taken(), new CancellationTokenSource());
        var context = Context(callers.Token);
        var told = await Assert.ThrowsAsync<ProblemException>(() => Edge(taken, async asked =>
        {
            taken.Over();
            await Task.Delay(Timeout.InfiniteTimeSpan, asked.RequestAborted);
        }).InvokeAsync(context));
        Assert.Equal((IdempotencyProblems.RunningPage.Code, 409), (told.Problem.Code, told.Problem.Status));
        Assert.True(taken.IsGivenBack);
        Assert.Equal(callers.Token, context.RequestAborted);
    }

    [Fact]
    public async Task What_does_not_heed_it_is_answered_by_what_it_came_to()
    {
        var taken = new Taken();
        var context = Context(default);
        await Edge(taken, asked =>
        {
            taken.Over();
            asked.Response.StatusCode = 204;
            return Task.CompletedTask;
        }).InvokeAsync(context);
        Assert.Equal((204, false), (context.Response.StatusCode, taken.IsGivenBack));
    }

    [Fact]
    public async Task Of_a_request_whose_caller_has_gone_nobody_is_told_that_another_is_at_it()
    {
        var (taken, callers) = (new Taken(), new CancellationTokenSource());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Edge(taken, async asked =>
        {
            await callers.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, asked.RequestAborted);
        }).InvokeAsync(Context(callers.Token)));
    }

    private static IdempotencyMiddleware Edge(Taken taken, RequestDelegate endpoint) => new(endpoint, taken, new EdgeOptions { KeyFolder = "-", InboxFolder = "-", InstanceName = "-" }, TimeProvider.System);

    private static DefaultHttpContext Context(CancellationToken callers)
    {
        var context = new DefaultHttpContext { User = new Caller(RunningSophia.DefaultTenant, "key", "owner", TenantRole.Owner).ToPrincipal("test"), RequestAborted = callers, Request = { Method = "POST", Path = "/api/ask" } };
        context.Request.Headers["Idempotency-Key"] = "\"k\"";
        context.SetEndpoint(new Endpoint(null, EndpointMetadataCollection.Empty, "test"));
        return context;
    }

    /// <summary>Does what it is asked to do at once, under a lease that the test takes away.</summary>
    private sealed class Taken : IIdempotent
    {
        private CancellationTokenSource lost = new();

        /// <summary>Whether the work came to nothing that is kept.</summary>
        public bool IsGivenBack { get; private set; }

        public void Over() => lost.Cancel();

        public async Task<OnceAnswer> Once(OnceRequest request, Func<OnceWork, Task<IdempotentOutcome?>> work, CancellationToken cancellation)
        {
            lost = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var outcome = await work(new OnceWork(request.Name, false, lost.Token));
            IsGivenBack = outcome is null;
            return outcome is null ? new OnceAnswer.Released() : new OnceAnswer.Done(outcome, Replayed: false);
        }
    }
}
