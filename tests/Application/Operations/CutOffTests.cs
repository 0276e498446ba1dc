using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Sophia.Resilience;

namespace Sophia.Operations;

// Goal: an answer that has begun when its caller's time is over is cut off, and is nobody's failure.
public sealed class CutOffTests
{
    [Fact]
    public async Task An_answer_under_way_whose_deadline_passes_ends_with_its_connection()
    {
        var life = new Life();
        await Begun(life, DeadlineMiddleware.Page.Told("late"));
        Assert.True(life.IsAborted);
    }

    [Fact]
    public async Task An_answer_under_way_that_fails_otherwise_is_the_server_s_to_judge()
    {
        var life = new Life();
        await Assert.ThrowsAsync<InvalidOperationException>(() => Begun(life, new InvalidOperationException("odd")));
        Assert.False(life.IsAborted);
    }

    private static Task Begun(Life life, Exception failure)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseFeature>(new Started());
        context.Features.Set<IHttpRequestLifetimeFeature>(life);
        return new ProblemMiddleware(_ => Task.FromException(failure), TimeProvider.System, NullLogger<ProblemMiddleware>.Instance).InvokeAsync(context);
    }

    private sealed class Started : HttpResponseFeature
    {
        public override bool HasStarted => true;
    }

    private sealed class Life : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
