using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Room in the places that this process writes to, as a signal.</summary>
internal sealed class RoomHealth(IEnumerable<IStorageRoom> rooms) : IHealthSource
{
    public IEnumerable<(HealthSignal Signal, double Value)> Signals =>
        rooms.SelectMany(room => room.Places).Select(place => (double)place.Level).ToArray() is { Length: > 0 } levels ? [(HealthSignal.Disk, levels.Max())] : [];

    public IEnumerable<(string Dependency, string Because)> Failing => [];
}
