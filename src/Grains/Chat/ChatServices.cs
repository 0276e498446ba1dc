using Microsoft.Extensions.DependencyInjection;

namespace Sophia.Chat;

/// <summary>What conversations need beside their grains.</summary>
public static class ChatServices
{
    public static IServiceCollection AddChatGrains(this IServiceCollection services) =>
        services.AddSingleton<IPassageSearch, TenantSearch>().AddSingleton<AnswererFactory>();
}
