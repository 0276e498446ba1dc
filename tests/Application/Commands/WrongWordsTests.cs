using System.CommandLine;

namespace Sophia.Commands;

public sealed class WrongWordsTests
{
    private static readonly Command Set = new("set") { new Argument<double>("limit"), new Option<long?>("--cost"), new Option<int>("--share") };

    [Theory]
    [InlineData("3 --cost 99999999999999999999", "whole number from -9223372036854775808 to 9223372036854775807.")]
    [InlineData("3 --share 99999999999", "whole number from -2147483648 to 2147483647.")]
    [InlineData("many", "it is no number.")]
    public void A_number_that_is_none_is_named_in_one_line_without_types(string words, string said)
    {
        var wrong = WrongWords.Of(Set.Parse(words))!;
        Assert.EndsWith(said, wrong);
        Assert.DoesNotContain("System.", wrong);
        Assert.DoesNotContain('\n', wrong);
    }

    [Fact]
    public void Words_that_usage_explains_are_left_to_it()
    {
        Assert.Null(WrongWords.Of(Set.Parse("3 --cost 4")));
        Assert.Null(WrongWords.Of(Set.Parse("3 more")));
        Assert.Null(WrongWords.Of(Set.Parse("")));
    }

    [Fact]
    public void A_long_word_is_shown_with_its_first_hundred_characters()
    {
        var word = new string('x', 120_000);
        Assert.Equal($"There is no limit \"{new string('x', 100)}…\"; \"sophia limits\" shows those that there are.", WrongWords.Cut($"There is no limit \"{word}\"; \"sophia limits\" shows those that there are."));
        Assert.InRange(WrongWords.Of(Set.Parse(["3", word]))!.Length, 100, 300);
        var said = $"\"a\" {new string('y', 300)} \"b\", and tenants' words 'c' too";
        Assert.Equal(said, WrongWords.Cut(said));
    }
}
