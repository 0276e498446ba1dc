using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Chat;

// Goal: a conversation promises numbers without gaps, one end per answer, nothing shown that is not stored.
// Method: the session's own code on a one-turn scheduler over a log in memory; the answerer says what the test tells it.
public sealed class ChatSessionTests
{
    [Fact]
    public async Task An_answer_is_numbered_from_the_question_to_its_end()
    {
        var bench = new ChatBench();
        var receipt = await bench.Ask("Who owns Acme?");
        bench.Answerer.Begin();
        bench.Answerer.Say("Ann owns it [1].");
        bench.Answerer.End();
        var events = await bench.Read();
        Assert.Equal(1, receipt.QuestionNumber);
        Assert.Equal([1, 2, 3, 4], events.Select(e => e.Number));
        Assert.Equal([ChatEventKind.Question, ChatEventKind.Started, ChatEventKind.Text, ChatEventKind.Done], events.Select(e => e.Kind));
        Assert.All(events, e => Assert.Equal(1, e.Question));
        Assert.Equal("Ann owns it [1].", events[^1].Text);
        Assert.Equal("Who owns Acme?", bench.Session.View.Title);
    }

    [Fact]
    public async Task The_question_is_in_the_log_before_the_caller_is_answered()
    {
        var bench = new ChatBench();
        await bench.Ask("first");
        var row = Assert.Single(bench.Log.Rows);
        Assert.Equal(("chat/s1", "events", EntryType.Chat, 1L), (row.Stream, row.Key, row.Type, row.Version));
    }

    [Fact]
    public async Task What_is_shown_is_stored_already()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        bench.Answerer.Begin();
        bench.Answerer.Say("one ");
        var shown = await bench.ReadUntil(ChatEventKind.Text);
        Assert.True(bench.Log.Rows.Count >= shown.Count);
        Assert.Equal(shown.Select(e => e.Text), bench.Log.Rows.Select(r => ChatEventFormat.Read(r).Text));
    }

    [Fact]
    public async Task The_same_operation_asks_once_also_while_the_answer_is_under_way_and_after_a_crash()
    {
        var bench = new ChatBench();
        var first = await bench.Ask("q", "op-1");
        Assert.Equal(first, await bench.Ask("q", "op-1"));
        bench.Answerer.Begin();
        bench.Answerer.End();
        await bench.Read();
        Assert.Equal(first, await bench.Ask("q", "op-1"));
        await bench.Crash();
        Assert.Equal(first, await bench.Ask("q", "op-1"));
        Assert.Single(bench.Log.Rows, r => ChatEventFormat.Read(r).Kind == ChatEventKind.Question);
        Assert.Equal(RefusalCode.Conflict, (await Assert.ThrowsAsync<RefusedException>(() => bench.Ask("another", "op-1"))).Code);
    }

    [Fact]
    public async Task A_second_question_is_refused_while_the_first_is_answered()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        Assert.Equal(RefusalCode.Busy, (await Assert.ThrowsAsync<RefusedException>(() => bench.Ask("r"))).Code);
    }

    [Fact]
    public async Task A_stopped_answer_keeps_what_was_said_and_ends_once()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        bench.Answerer.Begin();
        bench.Answerer.Say("half an ");
        await bench.ReadUntil(ChatEventKind.Text);
        Assert.True(await bench.Run(bench.Session.Stop));
        Assert.False(await bench.Run(bench.Session.Stop));
        var events = await bench.Read();
        Assert.Equal("half an ", Assert.Single(events, e => e.Kind == ChatEventKind.Text).Text);
        Assert.Single(events, e => e.Kind == ChatEventKind.Stopped);
    }

    [Fact]
    public async Task An_opinion_during_the_answer_takes_the_next_number()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        await bench.Run(() => bench.Session.Feedback(1, -1, "wrong"));
        bench.Answerer.Begin();
        bench.Answerer.End();
        var events = await bench.Read();
        Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => e.Number));
        Assert.Equal("-1 wrong", Assert.Single(events, e => e.Kind == ChatEventKind.Feedback).Text);
    }

    [Fact]
    public async Task A_crash_before_anything_was_shown_answers_again()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        bench.Answerer.Begin();
        await bench.ReadUntil(ChatEventKind.Started);
        bench.Answerer.Again();
        await bench.Crash();
        bench.Answerer.Begin();
        bench.Answerer.Say("whole");
        bench.Answerer.End();
        var events = await bench.Read();
        Assert.Equal(ChatEventKind.Done, events[^1].Kind);
        Assert.Equal(2, events.Count(e => e.Kind == ChatEventKind.Started));
        Assert.Equal("whole", events[^1].Text);
    }

    [Fact]
    public async Task A_crash_after_something_was_shown_fails_the_answer_and_the_next_question_is_taken()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        bench.Answerer.Begin();
        bench.Answerer.Say("half");
        await bench.ReadUntil(ChatEventKind.Text);
        await bench.Crash();
        var events = await bench.Read();
        Assert.Equal((ChatEventKind.Failed, ChatRules.Interrupted), (events[^1].Kind, events[^1].Text));
        Assert.Equal(events.Count + 1, (await bench.Ask("again")).QuestionNumber);
    }

    [Fact]
    public async Task An_older_activation_can_no_longer_append()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        bench.Answerer.Begin();
        await bench.ReadUntil(ChatEventKind.Started);
        var older = bench.Session;
        bench.Answerer.Again();
        await bench.Crash();
        bench.Answerer.Begin();
        await bench.ReadUntil(ChatEventKind.Started, after: 2);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => bench.Run(() => older.Feedback(1, 1, null)));
        Assert.Equal(RefusalCode.Unavailable, refused.Code);
        Assert.Equal(1, bench.LostTimes);
    }

    [Fact]
    public async Task A_full_disk_refuses_the_question_and_nothing_is_begun()
    {
        var bench = new ChatBench();
        bench.Log.Refuse = _ => new StorageException(StorageFault.Full, "full");
        Assert.Equal(RefusalCode.StorageFull, (await Assert.ThrowsAsync<RefusedException>(() => bench.Ask("q"))).Code);
        bench.Log.Refuse = _ => null;
        Assert.Equal(1, (await bench.Ask("q")).QuestionNumber);
    }

    [Fact]
    public async Task A_failing_log_during_the_answer_tells_the_followers_and_gives_the_activation_up()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        bench.Answerer.Begin();
        await bench.ReadUntil(ChatEventKind.Started);
        bench.Log.Refuse = _ => new StorageException(StorageFault.Unreachable, "gone");
        bench.Answerer.Say("lost");
        Assert.Equal(RefusalCode.Unavailable, (await Assert.ThrowsAsync<RefusedException>(() => bench.Read())).Code);
        Assert.True(bench.LostTimes > 0);
    }

    [Fact]
    public async Task An_answer_that_breaks_ends_as_failed_and_says_why()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        bench.Answerer.Begin();
        bench.Answerer.Say("some");
        bench.Answerer.Break(new AnswerFailedException("The model went away."));
        var events = await bench.Read();
        Assert.Equal((ChatEventKind.Failed, "The model went away."), (events[^1].Kind, events[^1].Text));
        Assert.Equal("some", events[^2].Text);
    }

    [Fact]
    public async Task An_answer_that_is_refused_its_time_ends_as_failed_with_those_words_and_is_listed_as_ended()
    {
        var bench = new ChatBench();
        await bench.Ask("why?");
        bench.Answerer.Break(new RefusedException(RefusalCode.DeadlinePassed, "The time is over."));
        var events = await bench.ReadUntil(ChatEventKind.Failed);
        Assert.Equal("The time is over.", events[^1].Text);
        await Eventually.Comes(() => bench.Run(() => Task.FromResult(bench.Listed[^1] is { Answering: false, LastNumber: 2 })), "the list without an answer under way");
    }

    [Fact]
    public async Task An_answer_that_a_crash_ended_is_listed_as_ended()
    {
        var bench = new ChatBench();
        await bench.Ask("why?");
        bench.Answerer.Begin();
        bench.Answerer.Say("Because");
        await bench.ReadUntil(ChatEventKind.Text);
        await bench.Crash();
        await bench.ReadUntil(ChatEventKind.Failed);
        await Eventually.Comes(() => bench.Run(() => Task.FromResult(bench.Listed[^1] is { Answering: false })), "the list without an answer under way");
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_at_its_greatest_length()
    {
        var bench = new ChatBench();
        await bench.Ask("q");
        bench.Answerer.Begin();
        for (var i = 0; i < 20; i++)
            bench.Answerer.Say(new string('x', 1_000));
        var events = await bench.Read();
        Assert.Equal(ChatEventKind.Done, events[^1].Kind);
        Assert.Equal(ChatLimits.AnswerLength, events[^1].Text.Length);
        Assert.All(events.SkipLast(1), e => Assert.True(e.Text.Length <= 2 * ChatLimits.GroupLength));
    }

    [Fact]
    public async Task Readers_at_any_number_get_the_rest_exactly_once()
    {
        var bench = new ChatBench();
        for (var q = 0; q < 3; q++)
        {
            await bench.Ask($"question {q}");
            bench.Answerer.Begin();
            bench.Answerer.Say("a");
            bench.Answerer.End();
            await bench.Read();
            bench.Answerer.Again();
        }
        await bench.Crash();
        var last = bench.Session.View.LastNumber;
        for (var after = 0L; after <= last; after++)
            Assert.Equal(Enumerable.Range((int)after + 1, (int)(last - after)).Select(n => (long)n), (await bench.Read(after)).Select(e => e.Number));
        Assert.Equal(RefusalCode.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => bench.Read(last + 1))).Code);
    }
}
