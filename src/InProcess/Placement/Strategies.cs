using Orleans.Metadata;

namespace Orleans.Metadata
{
    using System.Collections.Immutable;
    using Orleans.Runtime;

    /// <summary>What is known of a grain class in every silo.</summary>
    public class GrainProperties(ImmutableDictionary<string, string> values)
    {
        /// <summary>Names and values.</summary>
        public ImmutableDictionary<string, string> Properties { get; } = values;
    }

    /// <summary>An attribute that says something about its grain class.</summary>
    public interface IGrainPropertiesProviderAttribute
    {
        /// <summary>Adds what it says.</summary>
        void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties);
    }

    /// <summary>Names of properties.</summary>
    public static class WellKnownGrainTypeProperties
    {
        /// <summary>The name of the placement strategy's class.</summary>
        public const string PlacementStrategy = "placement-strategy";

        /// <summary>The names of the placement filters' classes, with commas between.</summary>
        public const string PlacementFilter = "placement-filter";
    }
}

namespace Orleans.Runtime
{
    /// <summary>How the silo of a new activation is chosen.</summary>
    public abstract class PlacementStrategy
    {
        /// <summary>Adds its name.</summary>
        public virtual void PopulateGrainProperties(IServiceProvider services, Type grainClass, GrainType grainType,
            Dictionary<string, string> properties) => properties[WellKnownGrainTypeProperties.PlacementStrategy] = GetType().Name;
    }

    /// <summary>Any silo.</summary>
    public sealed class RandomPlacement : PlacementStrategy
    {
        internal static RandomPlacement Singleton { get; } = new();
    }

    /// <summary>The silo of whoever calls first, if it may.</summary>
    public sealed class PreferLocalPlacement : PlacementStrategy
    {
        internal static PreferLocalPlacement Singleton { get; } = new();
    }

    /// <summary>The silo that the grain's hash points to, while the silos stay the same.</summary>
    public sealed class HashBasedPlacement : PlacementStrategy
    {
        internal static HashBasedPlacement Singleton { get; } = new();
    }

    /// <summary>The emptier one of a few silos drawn.</summary>
    public sealed class ActivationCountBasedPlacement : PlacementStrategy
    {
        internal static ActivationCountBasedPlacement Singleton { get; } = new();
    }

    /// <summary>Stateless workers: where the call comes from, if that silo may.</summary>
    internal sealed class StatelessWorkerPlacement : PlacementStrategy
    {
        internal static StatelessWorkerPlacement Singleton { get; } = new();
    }
}

namespace Orleans.Placement
{
    using Orleans.Runtime;

    /// <summary>Gives a grain class its placement strategy.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public abstract class PlacementAttribute : Attribute, IGrainPropertiesProviderAttribute
    {
        /// <summary>With a strategy.</summary>
        protected PlacementAttribute(PlacementStrategy placement)
        {
            ArgumentNullException.ThrowIfNull(placement);
            PlacementStrategy = placement;
        }

        /// <summary>The strategy.</summary>
        public PlacementStrategy PlacementStrategy { get; }

        /// <inheritdoc/>
        public virtual void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties) =>
            PlacementStrategy.PopulateGrainProperties(services, grainClass, grainType, properties);
    }

    /// <summary>Any silo.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class RandomPlacementAttribute() : PlacementAttribute(RandomPlacement.Singleton);

    /// <summary>The silo of whoever calls first, if it may.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(PreferLocalPlacement.Singleton);

    /// <summary>The silo that the grain's hash points to.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class HashBasedPlacementAttribute() : PlacementAttribute(HashBasedPlacement.Singleton);

    /// <summary>The emptier one of a few silos drawn.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class ActivationCountBasedPlacementAttribute() : PlacementAttribute(ActivationCountBasedPlacement.Singleton);
}

namespace Orleans.Configuration
{
    /// <summary>How the emptier silo is found.</summary>
    public class ActivationCountBasedPlacementOptions
    {
        /// <summary>How many silos are drawn to choose from; at least 1, default 2.</summary>
        public int ChooseOutOf { get; set; } = 2;
    }
}
