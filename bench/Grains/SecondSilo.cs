using Orleans;

namespace Sophia.Bench;

/// <summary>A silo in another process, and two ways to it: from a silo of this process, and from a client.</summary>
/// <param name="Grains">Names of grains that live there.</param>
internal sealed record SecondSilo(IGrainFactory FromSilo, IGrainFactory FromClient, IReadOnlyList<string> Grains, Func<Task> Stop);
