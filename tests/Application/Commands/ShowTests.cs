using Sophia.Knowledge;

namespace Sophia.Commands;

/// <summary>What commands print of records.</summary>
public sealed class ShowTests
{
    [Theory]
    [InlineData("\u001b[31mred\u001b]0;title\a", "\uFFFD[31mred\uFFFD]0;title\uFFFD")]
    [InlineData("\u009b2J and \u007f and \b", "\uFFFD2J and \uFFFD and \uFFFD")]
    [InlineData("two\nlines\tand Jörg 😀", "two\nlines\tand Jörg 😀")]
    public void A_record_cannot_command_the_terminal(string text, string shown) => Assert.Equal(shown, Show.Tame(text));

    [Theory]
    [InlineData(0, 0, "No passage holds any of these words")]
    [InlineData(3, 0, "No passage holds any of these words; the 3 nearest to them are shown")]
    [InlineData(3, 1, "3 shown, best first; 1 passage holds at least one of these words")]
    [InlineData(3, 1_210, "3 shown, best first; 1,210 passages hold at least one of these words")]
    public void A_search_says_what_its_numbers_count(int shown, long matched, string said)
    {
        var hit = new SearchHit(1, 1, new Citation("s", "k", 1, []), ChunkKind.Section, "T", "text", [], null, [], null);
        Assert.Equal(said, SearchCommand.Found(new SearchAnswer([.. Enumerable.Repeat(hit, shown)], matched, 1, 1, 1)));
    }
}
