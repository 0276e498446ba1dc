using Sophia.Operations;

namespace Sophia.Chat;

/// <summary>The list of a tenant's conversations.</summary>
public sealed class ChatDirectoryTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Whatever_happens_the_list_and_what_stands_beside_it_are_the_newest_and_a_question_writes_little()
    {
        var (wholes, writes) = (0, 0);
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var (whole, touches, newest) = (new ChatDirectoryState(), new ChatTouchesState(), new ChatDirectoryState());
            for (var step = 0; step < 600; step++)
            {
                var session = $"chat-{random.Next(seed % 2 == 0 ? 1_200 : 40)}";
                newest = random.Next(50) switch
                {
                    0 => ChatDirectoryRules.Delete(newest, session, "ada", Noon),
                    1 when newest.Going is [var chat, ..] => ChatDirectoryRules.Removed(newest, chat),
                    2 when newest.Chats is [.., var last] => ChatDirectoryRules.Heal(newest, last, last with { Answering = false, LastNumber = random.Next(2) }),
                    _ => ChatDirectoryRules.Touch(newest, new ChatView(session, "Title", random.Next(100), Noon.AddSeconds(step - random.Next(3)), random.Next(2) == 0)),
                };
                writes++;
                if (ChatDirectoryRules.Touches(whole, newest) is { } touched)
                {
                    Assert.InRange(touched.Count, 0, ChatLimits.Touches);
                    touches = new ChatTouchesState { Generation = whole.Generation, Chats = touched };
                }
                else
                {
                    (whole, wholes) = (newest with { Generation = whole.Generation + 1 }, wholes + 1);
                }
                var read = ChatDirectoryRules.Together(whole, touches);
                Assert.True(read.Chats.SequenceEqual(newest.Chats) && read.Going.SequenceEqual(newest.Going) && (read.Removals, read.Cleaned) == (newest.Removals, newest.Cleaned), $"seed {seed}, step {step}");
            }
        }
        Assert.InRange(wholes, 20, writes / 8);
    }

    [Fact]
    public void A_list_of_before_is_read_and_what_stood_beside_an_earlier_one_counts_no_more()
    {
        var old = System.Text.Json.JsonSerializer.Deserialize<ChatDirectoryState>("""{"Version":1,"Chats":[{"Session":"a","Title":"A","LastNumber":3,"UpdatedAt":"2026-01-02T12:00:00+00:00","Answering":false}]}""")!;
        Assert.Equal(["a"], ChatDirectoryRules.Together(old, new ChatTouchesState()).Chats.Select(chat => chat.Session));
        var touches = new ChatTouchesState { Chats = [new ChatView("b", "B", 1, Noon, false)] };
        Assert.Equal(["a", "b"], ChatDirectoryRules.Together(old, touches).Chats.Select(chat => chat.Session).Order());
        Assert.Equal(["a"], ChatDirectoryRules.Together(old with { Generation = 1 }, touches).Chats.Select(chat => chat.Session));
    }

    [Fact]
    public async Task A_conversation_that_is_listed_as_being_answered_for_too_long_is_asked_and_one_that_is_not_there_goes()
    {
        await using var two = await TwoSilos.Start();
        await two.Older.As<IChatSessionGrain, AskReceipt>("acme/told", chat => chat.Ask(new AskRequest("Who?")));
        var ended = await two.Older.Until<IChatSessionGrain, ChatView>("acme/told", chat => chat.View(), view => !view.Answering);
        await two.Older.Until<IChatDirectoryGrain, IReadOnlyList<ChatView>>("acme", directory => directory.List(10), list => list.SequenceEqual([ended]));
        var now = ended with { Session = "now", Answering = true, UpdatedAt = DateTimeOffset.UtcNow };
        foreach (var stuck in (ChatView[])[ended with { Answering = true, UpdatedAt = Noon }, ended with { Session = "gone", Answering = true, UpdatedAt = Noon }, now])
            await two.Older.As<IChatDirectoryGrain, bool>("acme", async directory =>
            {
                await directory.Touch(stuck);
                return true;
            });
        await two.Older.Until<IChatDirectoryGrain, IReadOnlyList<ChatView>>("acme", directory => directory.List(10), list => list.SequenceEqual([now, ended]));
        // And so the other silo reads it.
        Assert.Equal([now, ended], await two.Younger.As<IChatDirectoryGrain, IReadOnlyList<ChatView>>("acme", directory => directory.List(10)));
    }

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
