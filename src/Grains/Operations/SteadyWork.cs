namespace Sophia.Operations;

/// <summary>What a grain does beside its calls, a step at a time, until nothing is left, whatever dies in between: a step that fails is made again after 2 s, and a reminder wakes the grain where its activation was lost.</summary>
/// <remarks>A step keeps what it came to before it ends, and may be done twice. Used on the grain's own scheduler alone.</remarks>
/// <param name="goes">Whether there is something to do now; asked before each step.</param>
/// <param name="step">Does one.</param>
/// <param name="failed">Hears of one that failed.</param>
internal sealed class SteadyWork(Grain grain, Func<bool> goes, Func<CancellationToken, Task> step, Action<Exception> failed, TimeProvider time)
{
    /// <summary>How often the reminder comes.</summary>
    public static readonly TimeSpan RemindEvery = TimeSpan.FromMinutes(1);

    private const string Reminder = "go-on";
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource lifetime = new();
    private Task working = Task.CompletedTask;

    /// <summary>Cancelled when the activation ends.</summary>
    public CancellationToken Lifetime => lifetime.Token;

    /// <summary>Goes on where there is something to do, and nothing goes yet.</summary>
    public void Begin()
    {
        if (working.IsCompleted && !lifetime.IsCancellationRequested && goes())
            working = Go();
    }

    /// <summary>Before the activation ends: the step under way ends first.</summary>
    public async Task Stop()
    {
        await lifetime.CancelAsync();
        await working;
        lifetime.Dispose();
    }

    public Task Remind() => grain.RegisterOrUpdateReminder(Reminder, RemindEvery, RemindEvery);

    public async Task Forget()
    {
        if (await grain.GetReminder(Reminder) is { } known)
            await grain.UnregisterReminder(known);
    }

    private async Task Go()
    {
        var ended = lifetime.Token;
        do
            try
            {
                await step(ended);
            }
            catch (Exception failure)
            {
                if (ended.IsCancellationRequested)
                    return;
                failed(failure);
                await Task.Delay(RetryAfter, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        while (!ended.IsCancellationRequested && goes());
    }
}
