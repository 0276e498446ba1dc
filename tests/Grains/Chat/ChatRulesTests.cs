using Sophia.Operations;

namespace Sophia.Chat;

// Goal: the state machine of a conversation. Method: every sequence of up to eight events that the rules allow is walked.
public sealed class ChatRulesTests
{
    [Fact]
    public void Every_allowed_history_has_one_end_per_question_and_no_text_after_it()
    {
        var walked = 0;
        Walk(ChatState.Empty, [], 8, ref walked);
        Assert.True(walked > 5_000, $"only {walked} histories");
    }

    [Theory]
    [InlineData(0, 0, ChatRecovery.AnswerAgain)]
    [InlineData(1, 0, ChatRecovery.AnswerAgain)]
    [InlineData(2, 0, ChatRecovery.Fail)]
    [InlineData(1, 5, ChatRecovery.Fail)]
    public void An_answer_is_made_again_only_if_nothing_was_shown_and_it_did_not_bring_the_process_down_twice(int attempts, int shown, object expected) =>
        Assert.Equal((ChatRecovery)expected, ChatRules.Recover(ChatState.Empty with { LastNumber = 3, OpenQuestion = 1, Attempts = attempts, Shown = shown }));

    [Fact]
    public void Questions_are_refused_for_their_reasons()
    {
        Assert.Equal(RefusalCode.Invalid, ChatRules.RefuseQuestion(ChatState.Empty, new(" \n"))!.Code);
        Assert.Equal(RefusalCode.Invalid, ChatRules.RefuseQuestion(ChatState.Empty, new(new string('x', 4_001)))!.Code);
        Assert.Null(ChatRules.RefuseQuestion(ChatState.Empty, new(new string('x', 4_000))));
        Assert.Equal(RefusalCode.Invalid, ChatRules.RefuseQuestion(ChatState.Empty, new("q", null, ""))!.Code);
        Assert.Equal(RefusalCode.Busy, ChatRules.RefuseQuestion(ChatState.Empty with { OpenQuestion = 1, LastNumber = 1 }, new("q"))!.Code);
        Assert.Equal(RefusalCode.TooLarge, ChatRules.RefuseQuestion(ChatState.Empty with { LastNumber = 97_501 }, new("q"))!.Code);
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(0)]
    [InlineData(6)]
    public void Marks_out_of_range_are_refused(int mark) =>
        Assert.Equal(RefusalCode.Invalid, ChatRules.RefuseFeedback(ChatState.Empty with { LastNumber = 4 }, Event(1, ChatEventKind.Question, 1), mark, null)!.Code);

    [Fact]
    public void An_opinion_needs_a_question()
    {
        Assert.Equal(RefusalCode.NotFound, ChatRules.RefuseFeedback(ChatState.Empty with { LastNumber = 4 }, null, 1, null)!.Code);
        Assert.Equal(RefusalCode.NotFound, ChatRules.RefuseFeedback(ChatState.Empty with { LastNumber = 4 }, Event(2, ChatEventKind.Started, 1), 1, null)!.Code);
        Assert.Null(ChatRules.RefuseFeedback(ChatState.Empty with { LastNumber = 4 }, Event(1, ChatEventKind.Question, 1), 5, "good"));
    }

    [Fact]
    public void A_title_is_the_question_cut_at_a_word()
    {
        Assert.Equal("short one", ChatRules.TitleOf("  short\n one "));
        var title = ChatRules.TitleOf(string.Join(' ', Enumerable.Repeat("word", 40)));
        Assert.True(title.Length <= ChatLimits.TitleLength && title.EndsWith("word…", StringComparison.Ordinal), title);
    }

    private static void Walk(ChatState state, List<ChatEvent> history, int left, ref int walked)
    {
        walked++;
        Check(state, history);
        if (left == 0)
            return;
        foreach (var kind in Enum.GetValues<ChatEventKind>())
            if (ChatRules.Allows(state, kind))
            {
                var happened = Event(state.LastNumber + 1, kind, kind == ChatEventKind.Question ? state.LastNumber + 1 : state.OpenQuestion);
                Walk(ChatRules.After(state, happened), [.. history, happened], left - 1, ref walked);
            }
    }

    private static void Check(ChatState state, List<ChatEvent> history)
    {
        Assert.Equal(history.Count, state.LastNumber);
        ChatEventKind[] ends = [ChatEventKind.Done, ChatEventKind.Failed, ChatEventKind.Stopped];
        var open = 0L;
        foreach (var happened in history)
        {
            if (happened.Kind == ChatEventKind.Question)
            {
                Assert.Equal(0, open);
                open = happened.Number;
            }
            else if (happened.Kind != ChatEventKind.Feedback)
                Assert.NotEqual(0, open);
            if (ends.Contains(happened.Kind))
                open = 0;
        }
        Assert.Equal(open, state.OpenQuestion);
        var sinceQuestion = history.Where(h => open != 0 && h.Number > open).ToList();
        Assert.Equal(sinceQuestion.Count(h => h.Kind == ChatEventKind.Started), state.Attempts);
        Assert.Equal(sinceQuestion.Any(h => h.Kind == ChatEventKind.Text), state.Shown > 0);
    }

    private static ChatEvent Event(long number, ChatEventKind kind, long question) => new(number, kind, question, "x", [], DateTimeOffset.UnixEpoch);
}
