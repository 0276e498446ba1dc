namespace Sophia.Operations;

// Goal: a text is never cut within a character. Method: every length of a text of one-unit and two-unit characters.
public sealed class TextEndTests
{
    private const string Text = "a😀b😀😀c";

    [Fact]
    public void Every_beginning_is_whole_and_as_long_as_may_be()
    {
        for (var most = 1; most <= Text.Length + 1; most++)
        {
            var (cut, clipped) = (TextEnd.Cut(Text, most), TextEnd.Clip(Text, most));
            Assert.InRange(cut.Length, Math.Min(most, Text.Length) - 1, most);
            Assert.InRange(clipped.Length, Math.Max(1, Math.Min(most, Text.Length) - 1), most);
            Assert.StartsWith(cut, Text, StringComparison.Ordinal);
            Assert.Equal(most >= Text.Length, clipped == Text);
            foreach (var said in (string[])[cut, clipped])
                Assert.Equal(said, System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(said)));
        }
    }

    [Fact]
    public void What_is_short_enough_stays_the_same_text()
    {
        Assert.Same(Text, TextEnd.Cut(Text, Text.Length));
        Assert.Same(Text, TextEnd.Clip(Text, Text.Length));
    }
}
