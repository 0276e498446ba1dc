using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.InProcess;

namespace Orleans.Hosting
{
    /// <summary>Collects the parts of a client.</summary>
    public interface IClientBuilder
    {
        /// <summary>The services of the host.</summary>
        IServiceCollection Services { get; }

        /// <summary>The configuration of the host.</summary>
        IConfiguration Configuration { get; }
    }

    internal sealed class ClientBuilder(IServiceCollection services, IConfiguration configuration) : IClientBuilder
    {
        public IServiceCollection Services => services;

        public IConfiguration Configuration => configuration;
    }

    /// <summary>What a client may be given.</summary>
    public static class ClientBuilderExtensions
    {
        /// <summary>Adds services.</summary>
        public static IClientBuilder ConfigureServices(this IClientBuilder builder, Action<IServiceCollection> configureDelegate)
        {
            configureDelegate(builder.Services);
            return builder;
        }

        /// <summary>Sets options.</summary>
        public static IClientBuilder Configure<TOptions>(this IClientBuilder builder, Action<TOptions> configureOptions) where TOptions : class =>
            builder.ConfigureServices(services => services.Configure(configureOptions));

        /// <summary>The cluster whose grains it calls.</summary>
        public static IClientBuilder UseInProcessCluster(this IClientBuilder builder, InProcessCluster cluster) =>
            builder.ConfigureServices(services => services.AddSingleton(cluster));

        /// <summary>Adds a filter around every call that leaves.</summary>
        public static IClientBuilder AddOutgoingGrainCallFilter<TImplementation>(this IClientBuilder builder)
            where TImplementation : class, IOutgoingGrainCallFilter
            => builder.ConfigureServices(services => services.AddSingleton<IOutgoingGrainCallFilter, TImplementation>());
    }
}

namespace Microsoft.Extensions.Hosting
{
    /// <summary>Gives a host a client.</summary>
    public static class OrleansClientGenericHostExtensions
    {
        /// <summary>Adds a client.</summary>
        public static IHostApplicationBuilder UseOrleansClient(this IHostApplicationBuilder hostAppBuilder, Action<IClientBuilder> configureDelegate)
        {
            AddCore(hostAppBuilder.Services);
            configureDelegate(new ClientBuilder(hostAppBuilder.Services, hostAppBuilder.Configuration));
            return hostAppBuilder;
        }

        private static void AddCore(IServiceCollection services)
        {
            if (services.Any(service => service.ServiceType == typeof(Silo)))
                return;
            InProcessParts.Add(services, isClient: true);
            services.AddSingleton<IConfigureOptions<SiloMessagingOptions>>(provider => new ConfigureOptions<SiloMessagingOptions>(own =>
            {
                var client = provider.GetRequiredService<IOptions<ClientMessagingOptions>>().Value;
                (own.ResponseTimeout, own.CancelRequestOnTimeout) = (client.ResponseTimeout, client.CancelRequestOnTimeout);
            }));
            services.AddHostedService<ClientService>();
        }
    }
}
