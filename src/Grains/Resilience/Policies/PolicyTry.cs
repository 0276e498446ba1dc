namespace Sophia.Resilience;

/// <summary>One try of a call: an attempt, and perhaps its hedge. Whichever answers first wins; the other is cancelled, and nothing is said against the dependency for it.</summary>
internal sealed class PolicyTry<T>(PolicyCall<T> call, LocalPolicy policy, Func<TimeSpan> left, bool endsWithCaller, CancellationToken cancellation)
{
    private readonly CancellationTokenSource settled = new();

    public PolicyCall<T> Call => call;

    /// <summary>What an attempt that began now would have.</summary>
    public (TimeSpan For, bool IsItsOwn) Given => DeadlineRules.Attempt(policy.Options, left());

    /// <summary>What a failure of this try means; null: it is none of the dependency's, and ends the call.</summary>
    public CallFailure? Of(Exception failure) => failure switch
    {
        PolicyRefusedException => null,
        AttemptTimeoutException timeout => new CallFailure(timeout.IsCutShort ? CallOutcome.Abandoned : CallOutcome.TimedOut, MayPass: !timeout.IsCutShort),
        OperationCanceledException => null,
        _ => call.Judge(failure),
    };

    /// <summary>Makes one attempt within its time, and tells the breaker how it went.</summary>
    public async Task<T> Go()
    {
        var permit = await policy.Permit(cancellation);
        var given = Given;
        using var patience = new CancellationTokenSource(given.For > TimeSpan.Zero ? given.For : TimeSpan.Zero, policy.Time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, settled.Token, cancellation);
        var began = policy.Time.GetTimestamp();
        try
        {
            var answer = await call.Attempt(any.Token);
            var took = policy.Time.GetElapsedTime(began);
            permit.Report(CallOutcome.Success, took);
            policy.Answered(took);
            return answer;
        }
        catch (Exception) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested && !settled.IsCancellationRequested)
        {
            permit.Report(given.IsItsOwn ? CallOutcome.TimedOut : CallOutcome.Abandoned);
            throw new AttemptTimeoutException(given.For) { IsCutShort = !given.IsItsOwn, IsDeadline = !given.IsItsOwn && endsWithCaller };
        }
        catch (Exception failure)
        {
            permit.Report(settled.IsCancellationRequested ? CallOutcome.Abandoned : Of(failure)?.Outcome ?? CallOutcome.Abandoned);
            throw;
        }
    }

    /// <summary>Makes the hedge beside an attempt that is under way.</summary>
    public async Task<T> With(Task<T> first)
    {
        var second = Go();
        var winner = await Task.WhenAny(first, second);
        var other = winner == first ? second : first;
        if (!winner.IsCompletedSuccessfully && !cancellation.IsCancellationRequested)
            return await Either(winner, other);
        settled.Cancel();
        _ = LetGo(other);
        return await winner;
    }

    // One of them failed: the other may still answer. Where neither does, the dependency's own word is worth more than a breaker that did not let the hedge through.
    private static async Task<T> Either(Task<T> failed, Task<T> other)
    {
        try
        {
            return await other;
        }
        catch (PolicyRefusedException)
        {
            return await failed;
        }
        finally
        {
            _ = failed.Exception;
        }
    }

    private async Task LetGo(Task<T> late)
    {
        try
        {
            var answer = await late;
            call.Discard?.Invoke(answer);
        }
        catch (Exception)
        {
            // It lost, and whatever it says is about its end.
        }
    }
}
