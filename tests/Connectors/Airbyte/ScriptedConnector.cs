using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>A connector that plays what a test wrote: a shell script which prints files, and does in "read" whatever the test says.</summary>
internal sealed class ScriptedConnector : IDisposable
{
    private const string Script = """
        here=$(dirname "$0")
        verb=$1; shift
        config=; catalog=; state=
        while [ $# -gt 0 ]; do
          case $1 in --config) config=$2;; --catalog) catalog=$2;; --state) state=$2;; esac
          shift 2
        done
        case $verb in
          spec) cat "$here/spec.jsonl";;
          check) . "$here/check.sh";;
          discover) cat "$here/catalog.jsonl";;
          read) . "$here/read.sh";;
        esac
        """;

    public ScriptedConnector(params string[] streams)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "connector.sh"), Script);
        Spec("""{"protocol_version":"0.3.2","connectionSpecification":{"type":"object","properties":{"token":{"type":"string","airbyte_secret":true}}}}""");
        Check("echo '{\"type\":\"CONNECTION_STATUS\",\"connectionStatus\":{\"status\":\"SUCCEEDED\"}}'");
        Catalog([.. streams.Length == 0 ? [Stream("deals")] : streams]);
        Plays();
    }

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), "sophia-scripted-" + Path.GetRandomFileName());

    public string Messages => Path.Combine(Folder, "messages.jsonl");

    public string[] Command => ["/bin/sh", Path.Combine(Folder, "connector.sh")];

    public Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal) { ["name"] = "source" };

    public static string Stream(string name, string key = "id", bool incremental = false, string types = """{"id":{"type":"string"}}""", string? space = null) =>
        $$$"""{"name":"{{{name}}}",{{{(space is null ? "" : $"\"namespace\":\"{space}\",")}}}"json_schema":{"type":"object","properties":{{{types}}}},"supported_sync_modes":["full_refresh"{{{(incremental ? ",\"incremental\"" : "")}}}],"source_defined_cursor":{{{(incremental ? "true" : "false")}}},"source_defined_primary_key":[{{{string.Join(',', key.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(field => $"[\"{field}\"]"))}}}]}""";

    public static string Record(string stream, string data, string? space = null) => $$$"""{"type":"RECORD","record":{"stream":"{{{stream}}}",{{{(space is null ? "" : $"\"namespace\":\"{space}\",")}}}"data":{{{data}}},"emitted_at":1700000000000}}""";

    public static string Deal(int id, string more = "") => Record("deals", $$$"""{"id":"{{{id}}}"{{{more}}}}""");

    public static string State(string stream, string state, int? count = null) =>
        $"{{\"type\":\"STATE\",\"state\":{{\"type\":\"STREAM\",\"stream\":{{\"stream_descriptor\":{{\"name\":\"{stream}\"}},\"stream_state\":{state}}}{(count is null ? "" : $",\"sourceStats\":{{\"recordCount\":{count}.0}}")}}}}}";

    public static string Status(string stream, string status) =>
        $"{{\"type\":\"TRACE\",\"trace\":{{\"type\":\"STREAM_STATUS\",\"emitted_at\":1,\"stream_status\":{{\"stream_descriptor\":{{\"name\":\"{stream}\"}},\"status\":\"{status}\"}}}}}}";

    public void Spec(string specification) => File.WriteAllText(Path.Combine(Folder, "spec.jsonl"), $$$"""{"type":"SPEC","spec":{{{specification}}}}""" + "\n");

    public void Check(string script) => File.WriteAllText(Path.Combine(Folder, "check.sh"), script + "\n");

    public void Catalog(params string[] streams) => File.WriteAllText(Path.Combine(Folder, "catalog.jsonl"), $$$"""{"type":"CATALOG","catalog":{"streams":[{{{string.Join(',', streams)}}}]}}""" + "\n");

    /// <summary>"read" prints these lines, and then does what the script says.</summary>
    public ScriptedConnector Plays(IEnumerable<string>? lines = null, string then = "")
    {
        File.WriteAllText(Messages, string.Concat((lines ?? []).Select(line => line + "\n")), new UTF8Encoding(false));
        return Does($"cat \"$here/messages.jsonl\"\n{then}");
    }

    /// <summary>"read" does what the script says; $config, $catalog and $state are its files, $here its folder.</summary>
    public ScriptedConnector Does(string script)
    {
        File.WriteAllText(Path.Combine(Folder, "read.sh"), script + "\n");
        return this;
    }

    public SourceDefinition Definition() => new("airbyte", new Dictionary<string, string>(Settings) { ["command"] = JsonSerializer.Serialize(Command) });

    public string Written(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

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

    public async Task<Reading> Read(ScriptedConnector connector, string? state = null, string run = "run-1", BatchBudget? budget = null, int stopAfter = int.MaxValue, bool fullRefresh = false)
    {
        var context = Context(connector, run) with { FullRefresh = fullRefresh };
        var batches = new List<SourceBatch>();
        await using var reader = await Kind.Open(context, new SourcePartition("read", run, 0), state, default);
        try
        {
            while (batches.Sum(batch => batch.Records.Count) < stopAfter && await reader.Read(budget ?? BatchBudget.Default, default) is { } batch)
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
