using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sophia.Pipelines;

public static class FilesServices
{
    /// <summary>Adds sources of type <c>files</c>.</summary>
    public static IServiceCollection AddFilesSource(this IServiceCollection services, Action<FilesOptions>? configure = null)
    {
        services.AddOptions<FilesOptions>()
            .Validate(o => o.BlockBytes is >= 16 and <= 16 << 20, "FilesOptions.BlockBytes: 16 bytes to 16 MiB.")
            .Validate(o => o is { MaxExpandedBytes: > 0, MaxExpansion: > 0 }, "FilesOptions.MaxExpandedBytes and MaxExpansion: more than 0.")
            .ValidateOnStart();
        if (configure is not null)
            services.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ISourceKind, FilesSourceKind>();
        return services;
    }
}
