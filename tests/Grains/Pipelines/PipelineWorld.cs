using Microsoft.Extensions.DependencyInjection;
using Sophia.Log;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>One pipeline without a runtime: real lanes, pump and rules over the embedded store and files in memory.</summary>
internal sealed class PipelineWorld : IAsyncDisposable
{
    public const string Definition = "name: crm\nsources: [{type: files, path: /data}]\nstreams: {deals: {key: id}}\n";

    private readonly ServiceProvider services;
    private readonly List<PartitionLane> lanes = [];
    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-pipelines-" + Path.GetRandomFileName());
    private int runs;

    public PipelineWorld()
    {
        services = new ServiceCollection().AddLogging().AddSingleton<IRecordMarks>(new RecordMarks(new Knowledge.PlainBox())).AddFilesSource().AddSophiaStorage(storage => storage.DataFolder = root).BuildServiceProvider();
        Log = new FaultyLog(services.GetRequiredService<ILogStore>());
        Runs = services.GetRequiredService<IRunStore>();
        Quarantine = services.GetRequiredService<IQuarantineStore>();
    }

    public static TenantId Tenant { get; } = TenantId.Parse("acme");

    public FakeFiles Files { get; } = new();

    public FaultyLog Log { get; }

    public IRunStore Runs { get; }

    public IQuarantineStore Quarantine { get; }

    public IErasureStore Erasures => services.GetRequiredService<IErasureStore>();

    public string Pipeline { get; set; } = "crm";

    /// <summary>Files on the disk in place of those in memory.</summary>
    public bool ReadsDisk { get; set; }

    /// <summary>What sources said, run by run.</summary>
    public List<(string Run, string Text)> Said { get; } = [];

    public HurriedTime Time { get; } = new();

    public string Text { get; set; } = Definition;

    public IReadOnlyList<long> Usual { get; set; } = [];

    /// <summary>Why the run may not go on now, asked again and again.</summary>
    public Func<string?>? Obstacle { get; set; }

    public int BatchRecords { get; set; } = 2;

    public int Lanes { get; set; } = 2;

    /// <summary>Before the sources; null: they are opened as they are.</summary>
    public Resilience.IPolicies? Policies { get; set; }

    public RunKeeper Keeper { get; private set; } = null!;

    /// <summary>Stops the pump after so many steps; 0: never.</summary>
    public int StopAfterSteps { get; set; }

    /// <summary>What becomes of every lane's release; null: it is released.</summary>
    public Exception? Unreleased { get; set; }

    /// <summary>Starts a run and drives it to its end (or to where it is stopped).</summary>
    public async Task<RunRow> Run(bool dryRun = false, bool fullRefresh = false)
    {
        Keeper = new RunKeeper(Tenant, Pipeline, Log, Runs, Time);
        await Keeper.Load(default);
        var now = Time.GetUtcNow();
        await Keeper.Apply(new RunEvent.Start(new RunRow($"{Pipeline}-{++runs}", Pipeline, 1, dryRun, RunState.Running, "asked", now, now, null, TimeSpan.Zero, new RunCounts(), 0, 0, null, null, 0)), default);
        return await Drive(fullRefresh);
    }

    /// <summary>A new process over the same disk: lanes and keeper start from what the log says, and a run that was going goes on.</summary>
    public async Task<RunRow> GoOn(bool fullRefresh = false)
    {
        await Kill();
        Keeper = new RunKeeper(Tenant, Pipeline, Log, Runs, Time);
        await Keeper.Load(default);
        if (Keeper.Row!.State != RunState.Running)
            await Keeper.Apply(new RunEvent.Resume(), default);
        return await Drive(fullRefresh);
    }

    public async Task Kill()
    {
        foreach (var lane in lanes)
            await lane.DisposeAsync();
        lanes.Clear();
    }

    public async Task<SortedDictionary<string, HeadEntry>> Heads(bool alive = true)
    {
        var heads = await Log.Heads(Tenant, "deals", null, null, 10_000, default);
        return new SortedDictionary<string, HeadEntry>(heads.Where(head => !alive || head.Operation == RecordOperation.Upsert).ToDictionary(head => head.Key), StringComparer.Ordinal);
    }

    public async Task<string> Keys() => string.Join(' ', (await Heads()).Keys);

    public async ValueTask DisposeAsync()
    {
        await Kill();
        await services.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    private async Task<RunRow> Drive(bool fullRefresh)
    {
        var stated = PipelineDefinitionReader.Read(Text, $"{Pipeline}.yaml", Pipeline).Definition!;
        var judges = new NoNegativeAmounts();
        ISourceKind[] kinds = ReadsDisk ? [.. services.GetServices<ISourceKind>()] : [Files];
        var parts = new LaneParts(Log, kinds, judges, Time, _ => { }) { Budget = new BatchBudget(BatchRecords, 1 << 20), Policies = Policies, Told = (run, lines) => Said.AddRange(lines.Select(line => (run, line.Text))) };
        while (lanes.Count < Lanes)
            lanes.Add(Lane(lanes.Count));
        var reported = await Runs.Unreadable(Tenant, Keeper.Row!.RunId, 1_000, default);
        var order = new RunOrder(Keeper.Row.RunId, 1, Text, new ReadingPlan(stated, judges), Keeper.Row.DryRun, fullRefresh, Usual, reported.Select(view => view.Path).ToHashSet(), lanes.Count);
        Keeper.GoLive();
        RunPump? pump = null;
        var counter = new StepCounter(() => StopAfterSteps > 0 && --StopAfterSteps == 0, () => pump!.Stop());
        pump = new RunPump(order, new RunPlanner(Tenant, Pipeline, Log, kinds), [.. lanes.Select((_, n) => new DirectLane(lanes, n, Lane, counter, Unreleased))], Keeper, Time, Obstacle);
        if (await OneAtATime(() => pump.Go(default)) is { } ended)
        {
            await Keeper.Apply(ended, default);
            if (ended is RunEvent.Finish && Keeper.Held is { } held && !Keeper.Row.DryRun)
                Usual = FullReadRules.Remember(Usual, held);
        }
        return (await Runs.Find(Tenant, Keeper.Row.RunId, default))!;

        PartitionLane Lane(int n) => new(Tenant, Pipeline, $"lane-{n}", parts);
    }

    // What lanes answer is heard as in a grain, one answer after the other.
    private static Task<T> OneAtATime<T>(Func<Task<T>> work) =>
        Task.Factory.StartNew(work, default, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();

    private sealed record StepCounter(Func<bool> IsLast, Action Stop);

    /// <summary>A lane as its grain would have it: one that lost its place is followed by a new one.</summary>
    private sealed class DirectLane(List<PartitionLane> lanes, int n, Func<int, PartitionLane> make, StepCounter counter, Exception? unreleased) : ILane
    {
        public async Task<LaneAnswer> Step(LaneWork work, CancellationToken cancellation)
        {
            var answer = await Followed(lanes[n].Step(work, cancellation));
            if (counter.IsLast())
                counter.Stop();
            return answer;
        }

        public Task<LaneAnswer> Sweep(LaneWork work, bool vanished, CancellationToken cancellation) => Followed(lanes[n].Sweep(work, vanished, cancellation));

        public Task Release() => unreleased is null ? lanes[n].Release() : Task.FromException(unreleased);

        private async Task<LaneAnswer> Followed(Task<LaneAnswer> step)
        {
            var answer = await step;
            if (lanes[n].IsLost)
            {
                await lanes[n].DisposeAsync();
                lanes[n] = make(n);
            }
            return answer;
        }
    }
}
