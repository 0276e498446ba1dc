namespace Sophia.Cluster;

/// <summary>Waits for what must come about, without knowing when.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), BetweenLooks = TimeSpan.FromMilliseconds(50);

    public static async Task Comes(Func<Task<bool>> look, string what)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!await look())
        {
            Assert.False(deadline.IsCancellationRequested, $"It did not come about that {what}.");
            await Task.Delay(BetweenLooks);
        }
    }

    public static Task Comes(Func<bool> look, string what) => Comes(() => Task.FromResult(look()), what);
}
