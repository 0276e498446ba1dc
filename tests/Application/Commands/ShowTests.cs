namespace Sophia.Commands;

/// <summary>What commands print of records.</summary>
public sealed class ShowTests
{
    [Theory]
    [InlineData("\u001b[31mred\u001b]0;title\a", "\uFFFD[31mred\uFFFD]0;title\uFFFD")]
    [InlineData("\u009b2J and \u007f and \b", "\uFFFD2J and \uFFFD and \uFFFD")]
    [InlineData("two\nlines\tand Jörg 😀", "two\nlines\tand Jörg 😀")]
    public void A_record_cannot_command_the_terminal(string text, string shown) => Assert.Equal(shown, Show.Tame(text));
}
