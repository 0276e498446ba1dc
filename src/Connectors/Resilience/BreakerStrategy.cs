using Polly;

namespace Sophia.Resilience;

/// <summary>A breaker let nobody through.</summary>
public sealed class BreakerRefusedException(BreakerRefusal refusal) : Exception(refusal.Text)
{
    public BreakerRefusal Refusal => refusal;
}

/// <summary>Our breakers as a strategy among Polly's: within retries, so that each attempt is a call, and around the timeout, so that one that came too late is a failure.</summary>
public static class BreakerStrategies
{
    /// <param name="outcomeOf">How a call went that ended with this exception.</param>
    public static TBuilder AddBreaker<TBuilder>(this TBuilder builder, IBreaker breaker, Func<Exception, CallOutcome> outcomeOf) where TBuilder : ResiliencePipelineBuilderBase =>
        builder.AddStrategy(_ => new BreakerStrategy(breaker, outcomeOf), new BreakerStrategyOptions());

    private sealed class BreakerStrategyOptions : ResilienceStrategyOptions;
}

/// <summary>Asks a breaker before each call, and reports to it after, however the call ended. Like Polly's own strategies it throws nothing: what is thrown within it is its outcome.</summary>
internal sealed class BreakerStrategy(IBreaker breaker, Func<Exception, CallOutcome> outcomeOf) : ResilienceStrategy
{
    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        BreakerEntry entry;
        try
        {
            entry = await breaker.Enter(context.CancellationToken).ConfigureAwait(context.ContinueOnCapturedContext);
        }
        catch (OperationCanceledException cancelled)
        {
            return Outcome.FromException<TResult>(cancelled);
        }
        if (entry.IsRefused)
            return Outcome.FromException<TResult>(new BreakerRefusedException(entry.Refusal));
        var went = CallOutcome.Abandoned;
        try
        {
            var outcome = await callback(context, state).ConfigureAwait(context.ContinueOnCapturedContext);
            went = Of(outcome.Exception, context.CancellationToken);
            return outcome;
        }
        catch (Exception failure)
        {
            went = Of(failure, context.CancellationToken);
            return Outcome.FromException<TResult>(failure);
        }
        finally
        {
            entry.Permit.Report(went);
        }
    }

    // Whoever went away says nothing of the dependency.
    private CallOutcome Of(Exception? failure, CancellationToken cancellation) => failure switch
    {
        null => CallOutcome.Success,
        OperationCanceledException when cancellation.IsCancellationRequested => CallOutcome.Abandoned,
        _ => outcomeOf(failure),
    };
}
