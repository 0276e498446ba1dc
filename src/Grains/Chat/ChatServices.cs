using Microsoft.Extensions.DependencyInjection;
using Sophia.Knowledge;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>What conversations need beside their grains.</summary>
public static class ChatServices
{
    public static IServiceCollection AddChatGrains(this IServiceCollection services) =>
        services.AddSingleton<IPassageSearch, TenantSearch>().AddSingleton<AnswererFactory>()
            .AddSingleton<WordPool<AnswerWords>>().AddSingleton<ITenantCopies>(provider => provider.GetRequiredService<WordPool<AnswerWords>>());
}
