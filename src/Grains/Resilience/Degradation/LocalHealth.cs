namespace Sophia.Resilience;

/// <summary>What this process sees of its own health, of one tenant or of the whole installation, over the last half minute. For any thread.</summary>
internal sealed class LocalHealth(DegradationOptions options, IReadOnlyList<IHealthSource> sources, TimeProvider time)
{
    private const int Slots = 6;
    private static readonly TimeSpan SlotFor = TimeSpan.FromSeconds(5), MeasuredFor = TimeSpan.FromMinutes(5);

    /// <summary>Dependencies that are remembered: what is beyond is not seen by the rules.</summary>
    private const int MostDependencies = 100;

    private readonly Lock gate = new();
    private readonly Slot[] slots = [.. Enumerable.Range(0, Slots).Select(_ => new Slot())];
    private readonly SortedDictionary<(HealthSignal Signal, string Source), (double Value, long At)> measured = [];
    private readonly SortedDictionary<string, Dependency> dependencies = new(StringComparer.Ordinal);

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
            if (dependencies.ContainsKey(dependency) || dependencies.Count < MostDependencies)
                dependencies[dependency] = new Dependency(0, null, time.GetTimestamp());
    }

    /// <summary>Whether the dependency fails from now on, and did not before.</summary>
    public bool Failed(string dependency, string because, int times)
    {
        lock (gate)
        {
            var known = dependencies.GetValueOrDefault(dependency);
            if (known is null && dependencies.Count >= MostDependencies)
                return false;
            var before = known is null || IsOld(known) ? 0 : known.InARow;
            dependencies[dependency] = new Dependency(before + times, because, time.GetTimestamp());
            return before < options.FailuresInARow && before + times >= options.FailuresInARow;
        }
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
            foreach (var old in dependencies.Where(one => IsOld(one.Value)).Select(one => one.Key).ToList())
                dependencies.Remove(old);
            var times = Enumerable.Range(0, LatencyBuckets.Count).Select(bucket => slots.Sum(slot => slot.Times[bucket])).ToArray();
            return new HealthReport(times.Sum(), slots.Sum(slot => slot.Failed), times,
                [.. measured.Where(one => time.GetElapsedTime(one.Value.At) < MeasuredFor).Select(one => new SignalValue(one.Key.Signal, one.Value.Value)), .. own.Select(one => new SignalValue(one.Signal, one.Value))],
                [.. dependencies.Select(one => new DependencyHealth(one.Key, one.Value.InARow >= options.FailuresInARow ? one.Value.Because : null)), .. failing.Select(one => new DependencyHealth(one.Dependency, one.Because))]);
        }
    }

    private bool IsOld(Dependency known) => time.GetElapsedTime(known.At) > options.EvidenceFor;

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

    private sealed record Dependency(int InARow, string? Because, long At);

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
