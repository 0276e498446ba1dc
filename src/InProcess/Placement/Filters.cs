using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Orleans.Runtime.Placement
{
    /// <summary>What a silo is looked for.</summary>
    public readonly struct PlacementTarget(GrainId grainIdentity, Dictionary<string, object> requestContextData, GrainInterfaceType interfaceType,
        ushort interfaceVersion)
    {
        /// <summary>The grain.</summary>
        public GrainId GrainIdentity { get; } = grainIdentity;

        /// <summary>The interface that is called.</summary>
        public GrainInterfaceType InterfaceType { get; } = interfaceType;

        /// <summary>The interface's version; 0 for none.</summary>
        public ushort InterfaceVersion { get; } = interfaceVersion;

        /// <summary>What travels with the call; null for nothing.</summary>
        public Dictionary<string, object> RequestContextData { get; } = requestContextData;
    }
}

namespace Orleans.Placement
{
    /// <summary>Which silos a grain class may be placed on: the parameters; its director applies them.</summary>
    /// <remarks>Other silos know it as text: by the name of its class, its order and what it adds. It is made anew from that.</remarks>
    public abstract class PlacementFilterStrategy(int order)
    {
        /// <summary>Filters of one class apply from the lowest order to the highest; each has its own.</summary>
        public int Order { get; private set; } = order;

        /// <summary>Reads what <see cref="PopulateGrainProperties"/> wrote.</summary>
        public void Initialize(GrainProperties properties)
        {
            Order = int.TryParse(GetPlacementFilterGrainProperty("order", properties), out var written)
                ? written
                : throw new ArgumentException("Invalid order property value.");
            AdditionalInitialize(properties);
        }

        /// <summary>Reads what <see cref="GetAdditionalGrainProperties"/> gave.</summary>
        public virtual void AdditionalInitialize(GrainProperties properties) { }

        /// <summary>Writes its name and parameters.</summary>
        public void PopulateGrainProperties(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
        {
            var name = GetType().Name;
            properties[WellKnownGrainTypeProperties.PlacementFilter] =
                properties.TryGetValue(WellKnownGrainTypeProperties.PlacementFilter, out var others) ? $"{others},{name}" : name;
            properties[KeyOf("order")] = Order.ToString(CultureInfo.InvariantCulture);
            foreach (var (key, value) in GetAdditionalGrainProperties(services, grainClass, grainType, properties))
                properties[KeyOf(key)] = value;
        }

        /// <summary>One of its parameters; null if absent.</summary>
        protected string? GetPlacementFilterGrainProperty(string key, GrainProperties properties) =>
            properties.Properties.GetValueOrDefault(KeyOf(key));

        /// <summary>Its parameters beside the order.</summary>
        protected virtual IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(IServiceProvider services, Type grainClass,
            GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) => [];

        private string KeyOf(string parameter) => $"{WellKnownGrainTypeProperties.PlacementFilter}.{GetType().Name}.{parameter}";
    }

    /// <summary>Gives a grain class a placement filter.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
    public abstract class PlacementFilterAttribute : Attribute, IGrainPropertiesProviderAttribute
    {
        /// <summary>With a filter.</summary>
        protected PlacementFilterAttribute(PlacementFilterStrategy placement)
        {
            ArgumentNullException.ThrowIfNull(placement);
            PlacementFilterStrategy = placement;
        }

        /// <summary>The filter.</summary>
        public PlacementFilterStrategy PlacementFilterStrategy { get; }

        /// <inheritdoc/>
        public virtual void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties) =>
            PlacementFilterStrategy.PopulateGrainProperties(services, grainClass, grainType, properties);
    }

    /// <summary>Applies a filter, in the silo that places.</summary>
    public interface IPlacementFilterDirector
    {
        /// <summary>Those of <paramref name="silos"/> that may have the grain.</summary>
        IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos);
    }

    /// <summary>Registers filters.</summary>
    public static class PlacementFilterExtensions
    {
        /// <summary>Registers a filter and its director; needed on every silo.</summary>
        public static IServiceCollection AddPlacementFilter<TFilter, TDirector>(this IServiceCollection services, ServiceLifetime strategyLifetime)
            where TFilter : PlacementFilterStrategy, new()
            where TDirector : class, IPlacementFilterDirector
        {
            services.Add(ServiceDescriptor.DescribeKeyed(typeof(PlacementFilterStrategy), typeof(TFilter).Name, typeof(TFilter), strategyLifetime));
            services.AddKeyedSingleton<IPlacementFilterDirector, TDirector>(typeof(TFilter));
            return services;
        }
    }
}
