using Microsoft.Extensions.DependencyInjection;
using Sophia.Chat;
using Sophia.Tenants;

namespace Sophia.Knowledge;

// Goal: words of a tenant's records do not outlive them in what is lent from one reader to the next. Method: identity of what is lent before and after.
public sealed class WordPoolTests
{
    private readonly WordPool<AnswerWords> pool = new();

    [Fact]
    public void What_was_given_back_is_lent_again()
    {
        var first = Used();
        Assert.Same(first, Used());
    }

    [Fact]
    public void What_lay_in_the_pool_is_not_lent_again_once_a_tenant_is_forgotten()
    {
        var before = Used();
        pool.Forget(FeedWorld.Acme);
        Assert.NotSame(before, Used());
    }

    [Fact]
    public void What_is_out_while_a_tenant_is_forgotten_does_not_come_back()
    {
        AnswerWords before;
        using (var lent = pool.Lend())
        {
            before = lent.One;
            pool.Forget(FeedWorld.Acme);
        }
        using var next = pool.Lend();
        using var another = pool.Lend();
        Assert.NotSame(before, next.One);
        Assert.NotSame(before, another.One);
    }

    [Fact]
    public void The_pools_of_answers_and_of_the_built_in_embedder_are_told_what_to_forget()
    {
        var services = new ServiceCollection().AddChatGrains().AddSophiaEmbedding();
        using var provider = services.BuildServiceProvider();
        var told = services.Where(service => service.ServiceType == typeof(ITenantCopies)).Select(service => service.ImplementationFactory!(provider)).ToArray();
        Assert.Contains(provider.GetRequiredService<WordPool<AnswerWords>>(), told);
        Assert.Contains(provider.GetRequiredService<WordPool<HashedWords>>(), told);
        Assert.All(told.Cast<ITenantCopies>(), copy => Assert.True(copy.HoldsRecords));
    }

    [Fact]
    public async Task The_embedder_lends_from_the_pool_it_is_given()
    {
        var words = new WordPool<HashedWords>();
        HashedWords own;
        using (var lent = words.Lend())
            own = lent.One;
        using var embedder = new HashedEmbedder(words);
        Assert.Single(await embedder.GenerateAsync(["some words"]));
        using var after = words.Lend();
        Assert.Same(own, after.One);
    }

    private AnswerWords Used()
    {
        using var lent = pool.Lend();
        return lent.One;
    }
}
