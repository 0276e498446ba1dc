using System.Text;
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

/// <summary>The kind of source as the program composes it, with secrets and memory of the test's own.</summary>
internal sealed class AirbyteUnderTest : ISecretResolver, IConnectorMemory, IDisposable
{
    public AirbyteUnderTest() => Kind = new AirbyteSourceKind(Microsoft.Extensions.Options.Options.Create(Options), this, this, TimeProvider.System);

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
