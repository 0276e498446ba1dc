using System.Text;

namespace Sophia.Resilience;

// Goal: an answer with a secret is opened by its asker alone. Method: every other key, and every byte of what is kept changed.
public sealed class SealedAnswersTests
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"secret":"sophia.acme.hidden"}""");

    [Fact]
    public void Only_the_same_keys_open_it()
    {
        var box = SealedAnswers.Seal("sophia.acme.a", "k", Body)!;
        Assert.Equal(Body, SealedAnswers.Open("sophia.acme.a", "k", box));
        Assert.DoesNotContain("hidden", Encoding.Latin1.GetString(box), StringComparison.Ordinal);
        foreach (var (api, key) in new[] { ("sophia.acme.b", "k"), ("sophia.acme.a", "l"), ("", "k"), (null, "k") })
            Assert.Null(SealedAnswers.Open(api, key, box));
        Assert.Null(SealedAnswers.Seal(null, "k", Body));
        Assert.NotEqual(box, SealedAnswers.Seal("sophia.acme.a", "k", Body));
    }

    [Fact]
    public void What_was_changed_or_cut_is_not_opened()
    {
        var box = SealedAnswers.Seal("sophia.acme.a", "k", Body)!;
        for (var at = 0; at < box.Length; at++)
        {
            var changed = box.ToArray();
            changed[at] ^= 1;
            Assert.Null(SealedAnswers.Open("sophia.acme.a", "k", changed));
            Assert.Null(SealedAnswers.Open("sophia.acme.a", "k", box.AsSpan(0, at)));
        }
    }
}
