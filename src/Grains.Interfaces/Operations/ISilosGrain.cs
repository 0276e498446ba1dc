namespace Sophia.Operations;

/// <summary>Looks over the silos and what is active on them, and keeps nothing. The key is "system"; only the system may ask.</summary>
[Alias("Sophia.ISilosGrain")]
public interface ISilosGrain : IGrainWithStringKey
{
    /// <summary>All silos that live, and those that ended and have no successor of their name. A silo that does not answer in time is named without its figures.</summary>
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<SilosView> View();
}

/// <param name="Silos">Those that live first, by name.</param>
/// <param name="Grains">Activations by class, the most numerous first.</param>
[GenerateSerializer, Immutable, Alias("Sophia.SilosView")]
public sealed record SilosView([property: Id(0)] DateTimeOffset At, [property: Id(1)] IReadOnlyList<SiloView> Silos, [property: Id(2)] IReadOnlyList<GrainCounts> Grains);

/// <summary>One silo as the others see it.</summary>
/// <param name="Status">active, joining, shuttingDown, stopping or dead.</param>
/// <param name="SeenAt">When it last told the others that it lives; null where nothing is told, in one process.</param>
/// <param name="Labels">What it says of itself, as gpu=gh200, in order.</param>
/// <param name="Version">Of its program; null where it does not say.</param>
/// <param name="Load">What it has to do; null where it did not answer in time, or is dead.</param>
[GenerateSerializer, Immutable, Alias("Sophia.SiloView")]
public sealed record SiloView(
    [property: Id(0)] string Name,
    [property: Id(1)] string Address,
    [property: Id(2)] string Host,
    [property: Id(3)] string Status,
    [property: Id(4)] DateTimeOffset StartedAt,
    [property: Id(5)] DateTimeOffset? SeenAt,
    [property: Id(6)] IReadOnlyList<string> Labels,
    [property: Id(7)] string? Version,
    [property: Id(8)] SiloLoad? Load);

/// <param name="CpuPercent">Of the processors that it may use, smoothed, 0 to 100.</param>
/// <param name="MemoryBytes">Managed memory in use.</param>
/// <param name="MemoryLimitBytes">What it may use at most.</param>
/// <param name="IsOverloaded">Whether it sheds requests.</param>
[GenerateSerializer, Immutable, Alias("Sophia.SiloLoad")]
public sealed record SiloLoad(
    [property: Id(0)] int Activations,
    [property: Id(1)] double CpuPercent,
    [property: Id(2)] long MemoryBytes,
    [property: Id(3)] long MemoryLimitBytes,
    [property: Id(4)] bool IsOverloaded);

/// <summary>How many activations a class of grains has.</summary>
/// <param name="Grain">The class, without its namespace.</param>
/// <param name="IsRuntime">Whether it belongs to the runtime and not to Sophia.</param>
[GenerateSerializer, Immutable, Alias("Sophia.GrainCounts")]
public sealed record GrainCounts([property: Id(0)] string Grain, [property: Id(1)] bool IsRuntime, [property: Id(2)] int Total, [property: Id(3)] IReadOnlyList<GrainsOnSilo> Silos);

[GenerateSerializer, Immutable, Alias("Sophia.GrainsOnSilo")]
public sealed record GrainsOnSilo([property: Id(0)] string Silo, [property: Id(1)] int Activations);
