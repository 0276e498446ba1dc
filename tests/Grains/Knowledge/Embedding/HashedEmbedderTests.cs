using System.Numerics.Tensors;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.AI;

namespace Sophia.Knowledge;

/// <summary>The built-in embedder is a rule: the same text gives the same vector everywhere, and texts that share words are near.</summary>
public sealed class HashedEmbedderTests
{
    [Fact]
    public void Every_text_has_a_vector_of_length_1_and_always_the_same_one()
    {
        var (one, other) = (new HashedWords(), new HashedWords());
        other.Write("something else was embedded before", new float[HashedWords.Dimensions]);
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            var (a, b) = (Embed(one, text ?? ""), Embed(other, text ?? ""));
            return a.AsSpan().SequenceEqual(b) && Math.Abs(TensorPrimitives.Norm<float>(a) - 1) < 1e-5;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("")]
    [InlineData("?!")]
    [InlineData("the of and")]
    [InlineData("\ud800")]
    public void A_text_without_a_word_that_says_something_is_like_itself_alone(string text)
    {
        var hashed = new HashedWords();
        Assert.Equal(1, Nearness(hashed, text, text), 5);
        Assert.True(Nearness(hashed, text, "a contract about servers") < 0.5);
    }

    [Fact]
    public void What_shares_words_is_nearer_than_what_shares_letters_and_that_nearer_than_the_rest()
    {
        var hashed = new HashedWords();
        var (same, alike, far) = (Nearness(hashed, "nightly backups of the servers", "the server was backed by a nightly backup"),
            Nearness(hashed, "nightly backups of the servers", "backupserver overnight"), Nearness(hashed, "nightly backups of the servers", "an invoice about apples"));
        Assert.True(same > alike + 0.1 && alike > far + 0.1, $"{same} {alike} {far}");
    }

    [Fact]
    public void Case_diacritics_endings_and_the_order_of_words_change_nothing() =>
        Assert.Equal(1, Nearness(new HashedWords(), "Die CAFÉS discussed", "discuss die cafe"), 5);

    /// <summary>Vectors lie in indexes: whoever changes them raises <see cref="HashedWords.Version"/>.</summary>
    [Fact]
    public void Version_1_is_these_bits()
    {
        var vector = Embed(new HashedWords(), "Nightly backups of the servers in zone a1, as agreed.");
        var sum = 17UL;
        foreach (var value in vector)
            sum = unchecked(sum * 1_000_003 + BitConverter.SingleToUInt32Bits(MathF.Round(value, 5)));
        Assert.Equal((1, 384), (HashedWords.Version, HashedWords.Dimensions));
        Assert.Equal("822c289cf9385e7f", sum.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task It_is_an_embedding_generator_that_says_who_it_is()
    {
        using IEmbeddingGenerator<string, Embedding<float>> embedder = new HashedEmbedder();
        var made = await embedder.GenerateAsync(["one", "two"]);
        Assert.Equal([384, 384], made.Select(m => m.Vector.Length));
        Assert.Equal("sophia-hashed", embedder.GetService<EmbeddingGeneratorMetadata>()?.DefaultModelId);
        Assert.Equal(HashedEmbedder.Id, embedder.GetService<EmbedderId>());
        await Assert.ThrowsAsync<OperationCanceledException>(() => embedder.GenerateAsync(["one"], cancellationToken: new CancellationToken(true)));
    }

    private static double Nearness(HashedWords hashed, string a, string b) => TensorPrimitives.Dot<float>(Embed(hashed, a), Embed(hashed, b));

    private static float[] Embed(HashedWords hashed, string text)
    {
        var vector = new float[HashedWords.Dimensions];
        hashed.Write(text, vector);
        return vector;
    }
}
