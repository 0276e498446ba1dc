namespace Sophia.Resilience;

/// <summary>What this process sees of its own health, of one tenant or of the whole installation, over the last half minute. For any thread.</summary>
internal sealed class LocalHealth(DegradationOptions options, IReadOnlyList<IHealthSource> sources, TimeProvider time)
{
    private const int Slots = 6;
    private static readonly TimeSpan SlotFor = TimeSpan.FromSeconds(5), MeasuredFor = TimeSpan.FromMinutes(5);

    /// <summary>Dependencies, and sources of pipelines, that are remembered: what is beyond is not seen by the rules.</summary>
    private const int MostDependencies = 100, MostSources = 500;

    private readonly Lock gate = new();
    private readonly Slot[] slots = [.. Enumerable.Range(0, Slots).Select(_ => new Slot())];
    private readonly SortedDictionary<(HealthSignal Signal, string Source), (double Value, long At)> measured = [];
    private readonly UsedLately<string> dependencies = new(MostDependencies, StringComparer.Ordinal, options, time);
    private readonly UsedLately<SourceRead> read = new(MostSources, SourceRead.Order, options, time);

    public void Answered(TimeSpan took, bool failed)
    {
        lock (gate)
        {
            var slot = Now();
            slot.Times[LatencyBuckets.Of(took)]++;
            slot.Failed += failed ? 1 : 0;
        }
    }

    public void Worked(string dependency)
    {
        lock (gate)
            dependencies.Worked(dependency);
    }

    /// <summary>Whether the dependency fails from now on, and did not before.</summary>
    public bool Failed(string dependency, string because, int times)
    {
        lock (gate)
            return dependencies.Failed(dependency, because, times);
    }

    public void Worked(SourceRead source)
    {
        lock (gate)
            read.Worked(source);
    }

    /// <summary>Whether the source fails from now on, and did not before.</summary>
    public bool Failed(SourceRead source, string because, int times)
    {
        lock (gate)
            return read.Failed(source, because, times);
    }

    public void ForgetSources(string tenant)
    {
        lock (gate)
            read.Forget(source => source.Tenant == tenant);
    }

    public void Measured(HealthSignal signal, double value, string source = "")
    {
        lock (gate)
            measured[(signal, source)] = (value, time.GetTimestamp());
    }

    public HealthReport Report()
    {
        var own = sources.SelectMany(source => source.Signals).ToArray();
        var failing = sources.SelectMany(source => source.Failing).ToArray();
        lock (gate)
        {
            Now();
            var times = Enumerable.Range(0, LatencyBuckets.Count).Select(bucket => slots.Sum(slot => slot.Times[bucket])).ToArray();
            return new HealthReport(times.Sum(), slots.Sum(slot => slot.Failed), times,
                [.. measured.Where(one => time.GetElapsedTime(one.Value.At) < MeasuredFor).Select(one => new SignalValue(one.Key.Signal, one.Value.Value)), .. own.Select(one => new SignalValue(one.Signal, one.Value))],
                [.. dependencies.Reasons.Select(one => new DependencyHealth(one.Of, one.Because)), .. failing.Select(one => new DependencyHealth(one.Dependency, one.Because))],
                [.. read.Reasons.Select(one => new SourceHealth(one.Of.Type, one.Of.Tenant, one.Of.Pipeline, one.Because))]);
        }
    }

    private Slot Now()
    {
        var number = (long)(time.GetElapsedTime(0) / SlotFor);
        foreach (var old in slots)
            if (old.Number <= number - Slots)
                old.Clear(old.Number);
        var slot = slots[number % Slots];
        if (slot.Number != number)
            slot.Clear(number);
        return slot;
    }

    private sealed class Slot
    {
        public long Number { get; private set; } = -1;

        public long[] Times { get; } = new long[LatencyBuckets.Count];

        public long Failed { get; set; }

        public void Clear(long number)
        {
            (Number, Failed) = (number, 0);
            Array.Clear(Times);
        }
    }
}

/// <summary>The source of a type that a tenant's pipeline reads.</summary>
internal readonly record struct SourceRead(string Type, string Tenant, string Pipeline)
{
    public static IComparer<SourceRead> Order { get; } = Comparer<SourceRead>.Create(static (a, b) =>
        string.CompareOrdinal(a.Type, b.Type) is not 0 and var type ? type : string.CompareOrdinal(a.Tenant, b.Tenant) is not 0 and var tenant ? tenant : string.CompareOrdinal(a.Pipeline, b.Pipeline));
}
