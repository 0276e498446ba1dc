using Microsoft.Extensions.DependencyInjection;
using Sophia.Pipelines;

namespace Sophia.Quality;

public static class QualityServices
{
    /// <summary>Adds the quality gate. Call it before the pipelines, which otherwise refuse definitions with rules.</summary>
    public static IServiceCollection AddSophiaQuality(this IServiceCollection services) => services.AddSingleton<IBatchJudges, GateJudges>();
}
