using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>What becomes of grains that want a GPU where no silo has one.</summary>
public enum GpuPolicy
{
    /// <summary>They live elsewhere and move when a silo with one joins.</summary>
    Prefer = 0,

    /// <summary>Their callers are told what is waited for, until a silo with one joins.</summary>
    Wait = 1,
}

/// <summary>Which silos take which grains. The same on every silo: whichever silo is called places.</summary>
public sealed class PlacementOptions
{
    /// <summary>The label of silos that embed and chunk. Default gpu=gh200.</summary>
    public SiloLabel Gpu { get; set; } = new("gpu", "gh200");

    /// <summary>Default Prefer.</summary>
    public GpuPolicy GpuPolicy { get; set; }

    /// <summary>Tenants whose grains live only on silos labelled pool=…, by the pool's name. Default none.</summary>
    public IReadOnlyDictionary<TenantId, string> Pools { get; set; } = new Dictionary<TenantId, string>();
}

/// <summary>What a silo says of itself, as gpu=gh200, zone=a or pool=x.</summary>
public readonly record struct SiloLabel(string Name, string Value)
{
    /// <summary>The part of the world that a silo is in, and the part of that.</summary>
    public const string Region = "region", Zone = "zone";

    /// <summary>The pool of tenants that a silo takes alone.</summary>
    public const string Pool = "pool";

    /// <exception cref="FormatException">The text is not name=value.</exception>
    public static SiloLabel Parse(string text) => text.Split('=', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, { Length: > 0 } value]
        ? new SiloLabel(name, value)
        : throw new FormatException($"\"{text}\" is no label: write name=value, as gpu=gh200.");

    public override string ToString() => $"{Name}={Value}";
}
