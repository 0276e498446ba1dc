namespace Orleans.InProcess;

/// <summary>Ends activations that nobody used for the collection age; looks once per quantum.</summary>
internal sealed class IdleCollector(Silo silo) : IDisposable
{
    private ITimer? _timer;

    public void Start() => _timer = silo.CollectionTime.CreateTimer(static self => ((IdleCollector)self!).Collect(), this,
        silo.Collection.CollectionQuantum, silo.Collection.CollectionQuantum);

    public void Dispose() => _timer?.Dispose();

    /// <summary>Ends now what nobody used for this long.</summary>
    public void Collect(TimeSpan age) => Collect(_ => age);

    private void Collect() => Collect(AgeOf);

    private void Collect(Func<Activation, TimeSpan> ageOf)
    {
        var idle = silo.Catalog.Activations().Where(activation => activation.IsIdle
            && silo.CollectionTime.GetElapsedTime(activation.UsedAt) >= ageOf(activation)).ToList();
        idle.Sort(static (a, b) => a.GrainId.CompareTo(b.GrainId));
        foreach (var activation in idle)
            activation.Collect(ageOf(activation));
    }

    private TimeSpan AgeOf(Activation activation) =>
        silo.Collection.ClassSpecificCollectionAge.TryGetValue(activation.Class.Type.FullName!, out var age)
            ? age
            : silo.Collection.CollectionAge;
}
