using System.Text;
using Sophia.Knowledge;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>What a reading gave.</summary>
internal sealed record Reading(IReadOnlyList<SourceBatch> Batches, SourceException? Failure)
{
    public IReadOnlyList<SourceRecord> Records => [.. Batches.SelectMany(batch => batch.Records)];

    public IReadOnlyList<BadPiece> Bad => [.. Batches.SelectMany(batch => batch.Bad)];

    public IReadOnlyList<string> Lines => [.. Batches.SelectMany(batch => batch.Lines).Select(line => line.Text)];

    public string State => Batches[^1].State;

    public IReadOnlyDictionary<string, int>? Whole => Batches.Select(batch => batch.Whole).LastOrDefault(whole => whole is not null);

    public IEnumerable<string> Payloads => Records.Select(record => Encoding.UTF8.GetString(record.Payload.Span));
}

/// <summary>The kind of source as the program composes it, with secrets and memory of the test's own, and a clock that stands unless the test moves it: what a connector does in its own time is never late.</summary>
internal sealed class AirbyteUnderTest : ISecretResolver, IConnectorMemory, IDisposable
{
    private readonly ManualTime time = new();
    private Task? set;

    /// <param name="clock">Null: the one that stands.</param>
    public AirbyteUnderTest(TimeProvider? clock = null) => Kind = new AirbyteSourceKind(Microsoft.Extensions.Options.Options.Create(Options), this, this, clock ?? time);

    public AirbyteOptions Options { get; } = new()
    {
        TrustedTenants = ["acme"], Grace = TimeSpan.FromSeconds(2), Linger = TimeSpan.FromMilliseconds(50),
        WorkFolder = Path.Combine(Path.GetTempPath(), "sophia-airbyte-test-" + Path.GetRandomFileName()),
    };

    public AirbyteSourceKind Kind { get; }

    public Dictionary<string, string> Secrets { get; } = [];

    public Dictionary<string, string> Kept { get; } = [];

    public static SourceContext Context(ScriptedConnector connector, string run = "run-1", string tenant = "acme") => new(tenant, "crm", connector.Definition()) { Run = run };

    public async Task<Reading> Read(ScriptedConnector connector, string? state = null, string run = "run-1", BatchBudget? budget = null, bool fullRefresh = false)
    {
        var context = Context(connector, run) with { FullRefresh = fullRefresh };
        await using var reader = await Kind.Open(context, new SourcePartition("read", run, 0), state, default);
        return await Drain(reader, budget);
    }

    /// <summary>Reads until so many records came, waits until the connector has written these files, and only then lets time go by until the reading ends.</summary>
    public async Task<Reading> ReadWhileItHangs(SourceContext context, ScriptedConnector connector, int records, params string[] files)
    {
        await using var reader = await Kind.Open(context, new SourcePartition("read", "run-1", 0), null, default);
        SourceBatch[] before = records == 0 ? [] : [(await reader.Read(BatchBudget.Default with { MaxRecords = records }, default))!];
        foreach (var file in files)
            await connector.Wrote(file);
        var rest = await Passing(Drain(reader));
        return rest with { Batches = [.. before, .. rest.Batches] };
    }

    /// <summary>Lets time go by until something ends, for a day at most.</summary>
    public async Task<T> Passing<T>(Task<T> ends)
    {
        while (await Task.WhenAny(ends, set ??= time.TimerSet()) != ends)
        {
            set = null;
            Assert.True(time.GetElapsedTime(0) < TimeSpan.FromDays(1), "A day went by.");
            time.Advance(AirbyteReader.LongestWait);
        }
        return await ends;
    }

    public static async Task<Reading> Drain(ISourceReader reader, BatchBudget? budget = null)
    {
        var batches = new List<SourceBatch>();
        try
        {
            while (await reader.Read(budget ?? BatchBudget.Default, default) is { } batch)
                batches.Add(batch);
        }
        catch (SourceException wrong)
        {
            return new Reading(batches, wrong);
        }
        return new Reading(batches, null);
    }

    public string? Objection(TenantId tenant, SecretReference reference) => null;

    public ValueTask<string?> Resolve(TenantId tenant, SecretReference reference, CancellationToken cancellation) =>
        ValueTask.FromResult(reference is SecretReference.Environment variable ? Secrets.GetValueOrDefault(variable.Name) : null);

    public Task<string?> Recall(string tenant, string pipeline, string source) => Task.FromResult(Kept.GetValueOrDefault($"{tenant}/{pipeline}/{source}"));

    public Task Keep(string tenant, string pipeline, string source, string configuration)
    {
        Kept[$"{tenant}/{pipeline}/{source}"] = configuration;
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        if (Directory.Exists(Options.WorkFolder))
            Directory.Delete(Options.WorkFolder, recursive: true);
    }
}
