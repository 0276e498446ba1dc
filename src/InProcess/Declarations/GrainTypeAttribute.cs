namespace Orleans;

/// <summary>Names a grain class in identities and stored state, so that the class may be renamed.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class GrainTypeAttribute(string grainType) : Attribute
{
    internal string Name { get; } = grainType;
}
