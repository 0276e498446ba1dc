namespace Orleans.InProcess;

/// <summary>Ends activations that nobody used for the collection age; looks once per quantum.</summary>
internal sealed class IdleCollector(Silo silo) : IDisposable
{
    private ITimer? _timer;

    public void Start() => _timer = silo.CollectionTime.CreateTimer(static self => ((IdleCollector)self!).Collect(), this,
        silo.Collection.CollectionQuantum, silo.Collection.CollectionQuantum);

    public void Dispose() => _timer?.Dispose();

    private void Collect()
    {
        var idle = silo.Catalog.Activations().Where(activation => activation.IsIdle
            && silo.CollectionTime.GetElapsedTime(activation.UsedAt) >= AgeOf(activation)).ToList();
        idle.Sort(static (a, b) => a.GrainId.CompareTo(b.GrainId));
        foreach (var activation in idle)
            activation.Collect(AgeOf(activation));
    }

    private TimeSpan AgeOf(Activation activation) =>
        silo.Collection.ClassSpecificCollectionAge.TryGetValue(activation.Class.Type.FullName!, out var age)
            ? age
            : silo.Collection.CollectionAge;
}
