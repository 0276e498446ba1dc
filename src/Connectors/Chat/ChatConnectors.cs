using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sophia.Resilience;

namespace Sophia.Chat;

/// <summary>The models that conversations may use.</summary>
public static class ChatConnectors
{
    /// <summary>Adds the model that the environment names (SOPHIA_MODEL_URL, _NAME, _KEY); without one answers are extractive.</summary>
    /// <exception cref="FormatException">The environment names a model, but not well enough.</exception>
    public static IServiceCollection AddAnswerModel(this IServiceCollection services, Func<string, string?>? variable = null)
    {
        if (AnswerModelOptions.FromEnvironment(variable ?? Environment.GetEnvironmentVariable) is not { } options)
            return services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => new Random());
        services.AddPolicies();
        return services.AddSingleton(options).AddSingleton<IAnswerModel, OpenAiAnswerModel>();
    }
}
