using Sophia.Operations;

namespace Sophia.Chat;

/// <summary>The list of a tenant's conversations.</summary>
public sealed class ChatDirectoryTests
{
    [Fact]
    public async Task Reports_that_come_together_are_all_kept_and_the_newest_counts()
    {
        await using var two = await TwoSilos.Start();
        const int Conversations = 40;
        await Task.WhenAll(Enumerable.Range(0, 2 * Conversations).Select(n => two.Older.As<IChatDirectoryGrain, bool>("acme", async directory =>
        {
            await directory.Touch(new ChatView($"chat-{n % Conversations}", "Title", 1 + n / Conversations, DateTimeOffset.UnixEpoch.AddSeconds(n), false));
            return true;
        })));
        // The other silo reads what was written.
        var kept = await two.Younger.As<IChatDirectoryGrain, IReadOnlyList<ChatView>>("acme", directory => directory.List(1_000));
        Assert.Equal(Enumerable.Range(0, Conversations).Select(n => ($"chat-{Conversations - 1 - n}", 2L)), kept.Select(view => (view.Session, view.LastNumber)));
    }
}
