using System.Globalization;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Compares what the sources show with what the checkpoints remember.</summary>
internal sealed class RunPlanner(TenantId tenant, string pipeline, ILogStore log, IEnumerable<ISourceKind> kinds)
{
    private const int CheckpointPage = 1_000;

    /// <param name="runId">The run to plan; null to look without one.</param>
    /// <param name="reported">Names of partitions that this run has reported as unreadable before it was interrupted.</param>
    public async Task<RunPlan> Plan(ReadingPlan reading, string? runId, bool fullRefresh, IReadOnlySet<string> reported, CancellationToken cancellation)
    {
        var marks = await Marks(runId, cancellation);
        var looked = new Looked();
        foreach (var source in reading.Definition.Sources)
            if (!WebhookKinds.IsWebhook(source.Type))
                await Look(reading, source, runId, marks, fullRefresh, reported, looked, cancellation);
        var vanished = marks.Keys.Where(name => !looked.Listed.Contains(name) && !looked.Hides(name)).Order(StringComparer.Ordinal)
            .Select(name => Split(name, looked.Sources)).OfType<PlannedPartition>().ToArray();
        return new RunPlan
        {
            ToRead = looked.ToRead,
            Vanished = vanished,
            Unreadable = looked.Unreadable,
            Current = looked.Current,
            Settling = looked.Settling,
            ListingFailure = looked.Failure,
            Listed = looked.Listed,
            ListingHash = looked.Hash,
        };
    }

    /// <summary>A hash of what the watched sources show now. One that cannot be listed shows that, and holds up no other.</summary>
    public async Task<ulong> WatchedHash(PipelineDefinition definition, CancellationToken cancellation)
    {
        var hash = 0UL;
        foreach (var source in definition.Sources)
            if (PipelineSources.IsWatched(source))
                hash = unchecked(hash + await WatchedHash(source, cancellation));
        return hash;
    }

    private async Task<ulong> WatchedHash(SourceDefinition source, CancellationToken cancellation)
    {
        var (hash, name) = (0UL, ReadingPlan.NameOf(source));
        try
        {
            await foreach (var partition in kinds.Of(source.Type).Partitions(new SourceContext(tenant.Value, pipeline, source), cancellation))
                hash = Looked.Mix(hash, name, partition);
            return hash;
        }
        catch (SourceException wrong)
        {
            return SeenKeys.HashOf(name, wrong.Message);
        }
    }

    /// <summary>Records that listed partitions hold by their checkpoints, and the listed ones in which vanished keys have still to be looked for.</summary>
    public async Task<(long Records, IReadOnlyList<PlannedPartition> ToSweep)> Holdings(IReadOnlySet<string> listed, IEnumerable<string> sources, CancellationToken cancellation)
    {
        var (records, sweeps, names) = (0L, new List<PlannedPartition>(), sources.ToArray());
        await foreach (var checkpoint in Checkpoints(cancellation))
            if (listed.Contains(checkpoint.Partition) && PartitionMark.Of(checkpoint.State) is { } mark)
            {
                records += mark.Records;
                if (mark is { Done: true, Sweep: true } && Split(checkpoint.Partition, names) is { } planned)
                    sweeps.Add(planned);
            }
        return (records, sweeps);
    }

    private async Task Look(ReadingPlan reading, SourceDefinition source, string? runId, Dictionary<string, (PartitionMark? Mark, bool ByThisRun)> marks, bool fullRefresh, IReadOnlySet<string> reported, Looked looked, CancellationToken cancellation)
    {
        var sourceName = ReadingPlan.NameOf(source);
        try
        {
            await foreach (var partition in kinds.Of(source.Type).Partitions(new SourceContext(tenant.Value, pipeline, source) { Run = runId ?? "", Gate = reading.Definition.Gate }, cancellation))
            {
                var name = PartitionMark.PartitionName(sourceName, partition.Id);
                if (!looked.Listed.Add(name))
                    continue;
                if (looked.Listed.Count > RunPlan.MaxPartitions)
                    throw new SourceException(string.Create(CultureInfo.InvariantCulture, $"More than {RunPlan.MaxPartitions} partitions; split the pipeline."), transient: false);
                looked.Hash = Looked.Mix(looked.Hash, sourceName, partition);
                if (partition.Settling)
                    looked.Settling++;
                else if (reported.Contains(partition.Id))
                {
                    looked.Current++;
                    looked.Closed.Add(name);
                }
                else if (partition.Unreadable is { } reason)
                {
                    looked.Unreadable.Add(new UnreadableView(partition.Id, reason, partition.Bytes));
                    looked.Closed.Add(name);
                }
                else if (IsCurrent(marks.GetValueOrDefault(name), reading.Fingerprint(sourceName, partition.Fingerprint), fullRefresh))
                    looked.Current++;
                else
                    looked.ToRead.Add(new PlannedPartition(sourceName, partition.Id, partition.Fingerprint, partition.Bytes, partition.Essential));
            }
            looked.Sources.Add(sourceName);
        }
        catch (SourceException wrong)
        {
            looked.Failure ??= wrong.Message.StartsWith($"{sourceName}: ", StringComparison.Ordinal) ? wrong.Message : $"{sourceName}: {wrong.Message}";
        }
    }

    private static bool IsCurrent((PartitionMark? Mark, bool ByThisRun) known, string fingerprint, bool fullRefresh) =>
        known.Mark is { Done: true } mark && mark.Fingerprint == fingerprint && (!fullRefresh || known.ByThisRun);

    private async Task<Dictionary<string, (PartitionMark?, bool)>> Marks(string? runId, CancellationToken cancellation)
    {
        var marks = new Dictionary<string, (PartitionMark?, bool)>(StringComparer.Ordinal);
        await foreach (var checkpoint in Checkpoints(cancellation))
            marks[checkpoint.Partition] = (PartitionMark.Of(checkpoint.State), checkpoint.Run == runId);
        return marks;
    }

    private async IAsyncEnumerable<Checkpoint> Checkpoints([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        string? after = null;
        while (true)
        {
            var page = await log.Checkpoints(tenant, pipeline, after, CheckpointPage, cancellation);
            foreach (var checkpoint in page)
                yield return checkpoint;
            if (page.Count < CheckpointPage)
                yield break;
            after = page[^1].Partition;
        }
    }

    // Only of sources that were listed to their end: what could not be listed has not vanished.
    private static PlannedPartition? Split(string name, IReadOnlyList<string> sources)
    {
        foreach (var source in sources)
            if (name.Length > source.Length && name[source.Length] == '/' && name.StartsWith(source, StringComparison.Ordinal))
                return new PlannedPartition(source, name[(source.Length + 1)..], "", 0);
        return null;
    }

    private sealed class Looked
    {
        public List<PlannedPartition> ToRead { get; } = [];

        public List<UnreadableView> Unreadable { get; } = [];

        public HashSet<string> Listed { get; } = new(StringComparer.Ordinal);

        public List<string> Sources { get; } = [];

        /// <summary>Names of partitions that cannot be read; one may be a folder.</summary>
        public HashSet<string> Closed { get; } = new(StringComparer.Ordinal);

        public int Current { get; set; }

        public int Settling { get; set; }

        public string? Failure { get; set; }

        public ulong Hash { get; set; }

        /// <summary>Whether a partition lies below one that cannot be read.</summary>
        public bool Hides(string name)
        {
            for (var slash = Closed.Count == 0 ? -1 : name.LastIndexOf('/'); slash > 0; slash = name.LastIndexOf('/', slash - 1))
                if (Closed.Contains(name[..slash]))
                    return true;
            return false;
        }

        // A settling partition is left out: it shows up once it has settled.
        public static ulong Mix(ulong hash, string source, SourcePartition partition) =>
            partition.Settling ? hash : unchecked(hash + SeenKeys.HashOf($"{source}/{partition.Id}", partition.Fingerprint));
    }
}
