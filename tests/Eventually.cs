namespace Sophia;

/// <summary>Waits for what must come about, without knowing when: it is looked for again and again, until a deadline that only a hung program or a wrong one meets.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), BetweenLooks = TimeSpan.FromMilliseconds(20);

    /// <summary>The first value that fits.</summary>
    /// <param name="within">Default 2 minutes: a machine that does much else is slow.</param>
    public static async Task<T> Get<T>(Func<Task<T>> look, Func<T, bool> fits, string what, TimeSpan? within = null)
    {
        using var deadline = new CancellationTokenSource(within ?? Patience);
        using var pause = new PeriodicTimer(BetweenLooks);
        while (true)
        {
            var last = await look();
            if (fits(last))
                return last;
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"{what} did not come about. Last seen: {last}");
            await pause.WaitForNextTickAsync();
        }
    }

    public static Task Comes(Func<Task<bool>> look, string what, TimeSpan? within = null) => Get(look, static came => came, what, within);

    public static Task Comes(Func<bool> look, string what, TimeSpan? within = null) => Comes(() => Task.FromResult(look()), what, within);
}
