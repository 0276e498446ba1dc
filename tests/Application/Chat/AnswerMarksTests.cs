using Sophia.Knowledge;
using Sophia.Pages;

namespace Sophia.Chat;

/// <summary>Programs and pages cut the same answer at the same marks.</summary>
public sealed class AnswerMarksTests
{
    [Theory]
    [InlineData("Ann owns it [1].", "Ann owns it.")]
    [InlineData("Ann owns it [1]…", "Ann owns it…")]
    [InlineData("Ann owns it [1][2]! Bob left [1].", "Ann owns it!|Bob left.")]
    public void A_sentence_ends_where_its_marks_end(string text, string sentences)
    {
        ChatSource[] sources = [.. new[] { 1, 2 }.Select(mark => new ChatSource(mark, "t", "q", new Citation("s", "k", 1, [])))];
        var done = new ChatEvent(2, ChatEventKind.Done, 1, text, sources, DateTimeOffset.UnixEpoch);
        Assert.Equal(sentences.Split('|'), AnswerSentences.Of(done).Select(sentence => sentence.Text));
        Assert.Equal(sentences.Split('|'), Marks.Sentences(text, sources).Select(sentence => sentence.Text));
    }
}
