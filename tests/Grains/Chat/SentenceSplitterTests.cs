using FsCheck;
using FsCheck.Fluent;

namespace Sophia.Chat;

public sealed class SentenceSplitterTests
{
    [Theory]
    [InlineData("One. Two! Three?", "One.|Two!|Three?")]
    [InlineData("Mr. Smith paid $3.50 to Acme Inc. yesterday. He left.", "Mr. Smith paid $3.50 to Acme Inc. yesterday.|He left.")]
    [InlineData("Use it, e.g. Postgres. See J. Doe.", "Use it, e.g. Postgres.|See J. Doe.")]
    [InlineData("Yeah . I think so . OK , we 're on .", "Yeah .|I think so .|OK , we 're on .")]
    [InlineData("He said \"stop.\" Then he left.", "He said \"stop.\"|Then he left.")]
    [InlineData("Wait... what? Yes.", "Wait... what?|Yes.")]
    [InlineData("# Title\nFirst line\ngoes on. Next.\n\n- one\n- two. three\n  and more\n1. step", "Title|First line\ngoes on.|Next.|one|two. three\n  and more|1. step")]
    [InlineData("| a | b |\n| 1 | 2 |", "a | b|1 | 2")]
    [InlineData("```\ncode. here\n```\nText.", "```|code. here|```|Text.")]
    [InlineData("", "")]
    [InlineData(" \n ", "")]
    public void Sentences_are_found(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', SentenceSplitter.Split(text).Select(s => text.Substring(s.Start, s.Length))));

    [Fact]
    public void Spans_lie_in_order_within_the_text_and_lose_no_letter()
    {
        var pieces = Gen.Elements("word", "A", ".", "!", "?", " ", "\n", "- ", "# ", "```", "3.5", "e.g.", "…", "\"", ")", "é", "😀", "| ", "x".PadRight(700, 'y'));
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2_000),
            Prop.ForAll(Gen.ArrayOf(pieces).Select(string.Concat).ToArbitrary(), text =>
            {
                var at = 0;
                var kept = 0;
                foreach (var span in SentenceSplitter.Split(text))
                {
                    if (span.Start < at || span.Length is < 1 or > SentenceSplitter.MaxLength || span.Start + span.Length > text.Length || char.IsLowSurrogate(text[span.Start]))
                        return false;
                    kept += text.AsSpan(span.Start, span.Length).ToString().Count(char.IsLetterOrDigit);
                    at = span.Start + span.Length;
                }
                return kept == text.Count(char.IsLetterOrDigit);
            }));
    }
}
