using Polly;

namespace Sophia.Resilience;

// Goal: among Polly's strategies our breaker refuses, and hears of every call that it let through exactly once, however the call ended. Method: a breaker that gives what the test says and writes down what is reported.
public sealed class BreakerStrategyTests
{
    private readonly Told breaker = new();
    private readonly ResiliencePipeline pipeline;

    public BreakerStrategyTests() => pipeline = new ResiliencePipelineBuilder().AddBreaker(breaker, failure => failure is TimeoutException ? CallOutcome.TimedOut : CallOutcome.Failed).Build();

    [Fact]
    public async Task A_refusal_is_an_exception_of_its_own_and_nothing_is_called()
    {
        breaker.Refusal = new BreakerRefusal(BreakerRefusalReason.Open, "model is not asked for now", DateTimeOffset.UnixEpoch);
        var called = false;
        var refused = await Assert.ThrowsAsync<BreakerRefusedException>(async () => await pipeline.ExecuteAsync(_ =>
        {
            called = true;
            return ValueTask.CompletedTask;
        }));
        Assert.Equal(breaker.Refusal.Value, refused.Refusal);
        Assert.Equal(("model is not asked for now", false), (refused.Message, called));
        Assert.Empty(breaker.Heard);
    }

    [Fact]
    public async Task A_success_is_told_and_its_answer_given()
    {
        Assert.Equal(7, await pipeline.ExecuteAsync(static _ => ValueTask.FromResult(7)));
        Assert.Equal([(0, CallOutcome.Success)], breaker.Heard);
    }

    [Fact]
    public async Task A_probe_is_told_under_its_number()
    {
        breaker.Probe = 3;
        await pipeline.ExecuteAsync(static _ => ValueTask.CompletedTask);
        await Assert.ThrowsAsync<TimeoutException>(async () => await pipeline.ExecuteAsync(static _ => throw new TimeoutException()));
        Assert.Equal([(3, CallOutcome.Success), (3, CallOutcome.TimedOut)], breaker.Heard);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failure_is_told_as_what_it_is_and_thrown_as_it_was(bool afterAWait)
    {
        var failure = new InvalidOperationException("it fell over");
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(async () => await pipeline.ExecuteAsync(async _ =>
        {
            if (afterAWait)
                await Task.Yield();
            throw failure;
        })));
        Assert.Equal([(0, CallOutcome.Failed)], breaker.Heard);
    }

    /// <summary>Polly asks callbacks of this kind for outcomes and catches nothing that they throw instead.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_callback_that_throws_instead_of_answering_is_told_too(bool afterAWait)
    {
        var failure = new InvalidOperationException("it fell over");
        var context = ResilienceContextPool.Shared.Get();
        var outcome = await pipeline.ExecuteOutcomeAsync<int, object?>(async (_, _) =>
        {
            if (afterAWait)
                await Task.Yield();
            throw failure;
        }, context, null);
        ResilienceContextPool.Shared.Return(context);
        Assert.Same(failure, outcome.Exception);
        Assert.Equal([(0, CallOutcome.Failed)], breaker.Heard);
    }

    [Fact]
    public async Task Who_goes_away_says_nothing_of_the_dependency_and_one_that_is_cancelled_from_within_failed()
    {
        using var gone = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await pipeline.ExecuteAsync(async cancellation =>
        {
            await gone.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }, gone.Token));
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await pipeline.ExecuteAsync(static _ => throw new OperationCanceledException("the server's own")));
        Assert.Equal([(0, CallOutcome.Abandoned), (0, CallOutcome.Failed)], breaker.Heard);
    }

    [Fact]
    public async Task Who_goes_away_while_it_waits_to_be_let_through_is_not_called_for()
    {
        breaker.Entering = new TaskCompletionSource<BreakerEntry>();
        using var gone = new CancellationTokenSource();
        var waiting = pipeline.ExecuteAsync(static _ => throw new InvalidOperationException("it was called"), gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => waiting);
        Assert.Empty(breaker.Heard);
    }

    [Fact]
    public async Task Where_nobody_can_say_what_a_failure_means_the_permit_comes_back_all_the_same()
    {
        var broken = new ResiliencePipelineBuilder().AddBreaker(breaker, static _ => throw new NotSupportedException("no such failure")).Build();
        await Assert.ThrowsAsync<NotSupportedException>(async () => await broken.ExecuteAsync(static _ => throw new TimeoutException()));
        Assert.Equal([(0, CallOutcome.Abandoned)], breaker.Heard);
    }

    [Fact]
    public async Task Within_retries_each_attempt_is_a_call()
    {
        var attempts = 0;
        var retried = new ResiliencePipelineBuilder().AddRetry(new() { MaxRetryAttempts = 2, Delay = TimeSpan.Zero }).AddBreaker(breaker, static _ => CallOutcome.Failed).Build();
        Assert.Equal(3, await retried.ExecuteAsync(_ => ++attempts < 3 ? throw new TimeoutException() : ValueTask.FromResult(attempts)));
        Assert.Equal([(0, CallOutcome.Failed), (0, CallOutcome.Failed), (0, CallOutcome.Success)], breaker.Heard);
    }

    private sealed class Told : BreakerCalls, IBreaker
    {
        public List<(int Probe, CallOutcome Outcome)> Heard { get; } = [];

        public BreakerRefusal? Refusal { get; set; }

        public int Probe { get; set; }

        public TaskCompletionSource<BreakerEntry>? Entering { get; set; }

        public string Dependency => "model";

        public BreakerEntry TryEnter() => Refusal is { } refusal ? new BreakerEntry(refusal) : new BreakerEntry(new BreakerPermit(this, 1, Probe, 0));

        public ValueTask<BreakerEntry> Enter(CancellationToken cancellation) => Entering is { } entering ? new ValueTask<BreakerEntry>(entering.Task.WaitAsync(cancellation)) : ValueTask.FromResult(TryEnter());

        public override void Report(in BreakerPermit permit, CallOutcome outcome, TimeSpan? took) => Heard.Add(((int)permit.Probe, outcome));
    }
}
