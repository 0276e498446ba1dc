using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>The silos of a cluster and how each is; read without a lock on every call.</summary>
internal sealed class Membership
{
    private readonly Lock _gate = new();
    private readonly List<MembershipEntry> _entries = [];
    private readonly Dictionary<SiloAddress, Silo> _silos = [];
    private volatile Silo[] _active = [];
    private volatile bool _isSpread;
    private int _lastGeneration;

    /// <summary>The silos that take grains, in order of their addresses.</summary>
    public Silo[] Active => _active;

    /// <summary>Whether there has ever been more than one silo or client: only then is a call's silo looked for.</summary>
    public bool IsSpread => _isSpread;

    /// <summary>An address that none has had; a silo or client has it for its life.</summary>
    public SiloAddress NewAddress()
    {
        lock (_gate)
        {
            _isSpread = _lastGeneration > 0;
            return SiloAddress.New(new(System.Net.IPAddress.Loopback, 0), ++_lastGeneration);
        }
    }

    public void Join(Silo silo, string name, string hostName)
    {
        var now = silo.Clock(TimeProviderNames.Membership).GetUtcNow().UtcDateTime;
        lock (_gate)
        {
            _silos[silo.Address] = silo;
            if (!silo.IsClient)
                _entries.Add(new() { SiloAddress = silo.Address, SiloName = name, HostName = hostName, StartTime = now, IAmAliveTime = now });
        }
        Set(silo, SiloStatus.Joining);
    }

    /// <summary>A silo that is dead stays so.</summary>
    public void Set(Silo silo, SiloStatus status)
    {
        lock (_gate)
        {
            if (silo.Status == SiloStatus.Dead)
                return;
            silo.Status = status;
            if (_entries.Find(entry => entry.SiloAddress == silo.Address) is { } entry)
                entry.Status = status;
            _active = [.. _silos.Values.Where(other => other is { Status: SiloStatus.Active, IsClient: false }).OrderBy(other => other.Address)];
        }
    }

    /// <summary>It has ended: only its entry stays.</summary>
    public void Leave(Silo silo)
    {
        lock (_gate)
            _silos.Remove(silo.Address);
    }

    /// <summary>A silo or client that has not left.</summary>
    public Silo? Find(SiloAddress address)
    {
        lock (_gate)
            return _silos.GetValueOrDefault(address);
    }

    /// <summary>Silos and clients that still run.</summary>
    public List<Silo> Running()
    {
        lock (_gate)
            return [.. _silos.Values.Where(silo => !silo.HasCrashed).OrderBy(silo => silo.Address)];
    }

    public Dictionary<SiloAddress, SiloStatus> Statuses(bool onlyActive) =>
        Entries(onlyActive).ToDictionary(entry => entry.SiloAddress, entry => entry.Status);

    public List<MembershipEntry> Entries(bool onlyActive)
    {
        lock (_gate)
            return [.. _entries.Where(entry => !onlyActive || entry.Status == SiloStatus.Active).Select(entry => entry with { })];
    }

    /// <summary>Which of the active silos something that is spread by hash belongs to; null if there is none.</summary>
    public Silo? OwnerOf(uint hash) => _active is { Length: > 0 } active ? active[(hash & 0x7fffffff) % active.Length] : null;
}
