using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>Which silo has which grain.</summary>
internal sealed class GrainDirectory
{
    private readonly ConcurrentDictionary<GrainId, Silo> _homes = new();

    public Silo? Find(GrainId grain) => _homes.GetValueOrDefault(grain);

    /// <summary>Enters the silo unless another has the grain; returns who has it.</summary>
    public Silo Claim(GrainId grain, Silo silo) => _homes.GetOrAdd(grain, silo);

    /// <summary>Removes an entry if it names this silo.</summary>
    public void Remove(GrainId grain, Silo silo) => _homes.TryRemove(new(grain, silo));

    public void Forget(GrainId grain) => _homes.TryRemove(grain, out _);

    /// <summary>Removes all entries of a silo.</summary>
    public void Remove(Silo silo)
    {
        foreach (var entry in _homes.Where(entry => entry.Value == silo))
            _homes.TryRemove(entry);
    }
}
