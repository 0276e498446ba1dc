namespace Sophia.Knowledge;

// Goal: titles and headings read as text. Method: one line of each kind of sign.
public sealed class MarkdownLineTests
{
    [Theory]
    [InlineData("[Committed use](https://x.example/a_b) discounts", "Committed use discounts")]
    [InlineData("[Committed use][ref] discounts", "Committed use discounts")]
    [InlineData("**Secure** _Development_ Policy", "Secure _Development_ Policy")]
    [InlineData("`dotnet test` and *more*", "dotnet test and more")]
    [InlineData("A<br/>B <!-- hidden --> <a id=\"x\"></a>C", "A B C")]
    [InlineData("1\\. Price \\* 2", "1. Price * 2")]
    [InlineData("2 * 3 * 4 < 5", "2 * 3 * 4 < 5")]
    [InlineData("snake_case_name", "snake_case_name")]
    [InlineData("", "")]
    public void Signs_go_and_words_stay(string line, string plain) => Assert.Equal(plain, MarkdownLine.Plain(line));

    [Theory]
    [InlineData(" **Dining expenses:** ## ", "Dining expenses")]
    [InlineData("C#: a language", "C#: a language")]
    public void What_closes_a_heading_is_not_of_it(string line, string heading) => Assert.Equal(heading, MarkdownLine.Heading(line));
}
