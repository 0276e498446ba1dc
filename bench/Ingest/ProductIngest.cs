using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Postgres;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Bench;

/// <summary>The product's own way in: a run of a pipeline over a folder, with its reader, keys, gate, lanes and log; only the grains around them are left out.</summary>
internal static class ProductIngest
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");

    /// <summary>What a CRM pipeline asks of a contact: each kind of rule on one cell that a definition can state.</summary>
    public static string Definition(string folder) => $$"""
        name: crm
        source: {type: files, path: {{folder}}}
        streams:
          "*":
            key: id
            rules:
              - required: [id, email, stage, updated_at]
              - type: {amount: number, employees: integer, updated_at: datetime}
              - format: {email: email, country: country, phone: phone}
              - range: {amount: {min: 0, max: 1000000}, employees: {min: 1, max: 500000} }
              - enum: {stage: [Prospecting, Engaging, Won, Lost]}
              - pattern: {owner: "^[a-z]+\\.[a-z]+$"}
        """;

    /// <summary>Transforms of every record: a condition, two casts, a name and a computed field. They keep what the source said beside each.</summary>
    private const string Transforms = """
            transforms:
              - filter: id is not null
              - cast: {amount: number, employees: integer}
              - rename: {owner: sold_by}
              - derive: {amount_each: "round(amount / employees, 2)"}
              - rename: {sold_by: owner}
        """;

    /// <param name="transformed">Every record is transformed before it is judged.</param>
    /// <param name="folder">Where the data folder is made.</param>
    /// <param name="postgres">Where the log is, if not in that folder.</param>
    public static async Task<Measured> Run(string folder, CrmFolder rows, Action<PostgresOptions>? postgres = null, bool transformed = false)
    {
        await using var services = new ServiceCollection().AddLogging().AddSophiaStorage(storage => storage.DataFolder = folder, postgres).BuildServiceProvider();
        var log = services.GetRequiredService<ILogStore>();
        var runs = services.GetRequiredService<IRunStore>();
        var judges = new GateJudges();
        IReadOnlyList<ISourceKind> kinds = [new FilesSourceKind(Options.Create(new FilesOptions()), TimeProvider.System)];
        var text = Definition(rows.Path) + (transformed ? $"\n{Transforms}" : "");
        var stated = PipelineDefinitionReader.Read(text, "crm.yaml");
        var definition = stated.Definition ?? throw new InvalidDataException(string.Join("; ", stated.Errors));
        var reading = new ReadingPlan(definition, judges.For(definition));
        var lanes = Enumerable.Range(0, rows.Files).Select(i => new OwnThread(new PartitionLane(Tenant, "crm", $"lane-{i}", new LaneParts(log, kinds, judges, TimeProvider.System, _ => { })))).ToList();

        var clock = Stopwatch.StartNew();
        var keeper = new RunKeeper(Tenant, "crm", log, runs, TimeProvider.System);
        await keeper.Load(default);
        var now = TimeProvider.System.GetUtcNow();
        await keeper.Apply(new RunEvent.Start(new RunRow("crm-1", "crm", 1, false, RunState.Running, "bench", now, now, null, TimeSpan.Zero, new RunCounts(), 0, 0, null, null, 0)), default);
        var order = new RunOrder("crm-1", 1, text, reading, DryRun: false, FullRefresh: false, [], new HashSet<string>(), lanes.Count);
        keeper.GoLive();
        // What lanes answer comes in one after the other, as in the pipeline's grain.
        var ended = await Task.Factory.StartNew(() => new RunPump(order, new RunPlanner(Tenant, "crm", log, kinds), lanes, keeper, TimeProvider.System).Go(default), default, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();
        if (ended is not null)
            await keeper.Apply(ended, default);
        clock.Stop();

        var row = (await runs.Find(Tenant, "crm-1", default))!;
        if (row.State != RunState.Succeeded || row.Counts.Quarantined != rows.Wrong)
            throw new InvalidOperationException($"The run ended as {row.State} ({row.Error}), {row.Counts}.");
        return new Measured(row.Counts.In, row.Counts.Stored, clock.Elapsed);
    }

    /// <summary>A lane beside the others, as grains of their own would be.</summary>
    private sealed class OwnThread(PartitionLane lane) : ILane
    {
        public Task<LaneAnswer> Step(LaneWork work, CancellationToken cancellation) => Task.Run(() => lane.Step(work, cancellation), cancellation);

        public Task<LaneAnswer> Sweep(LaneWork work, bool vanished, CancellationToken cancellation) => Task.Run(() => lane.Sweep(work, vanished, cancellation), cancellation);

        public async Task Release() => await lane.DisposeAsync();
    }
}
