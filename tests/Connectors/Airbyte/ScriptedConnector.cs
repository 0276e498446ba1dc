using System.Text;
using System.Text.Json;

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

    /// <summary>Returns once the script has written a whole line into this file.</summary>
    public Task Wrote(string name) => Eventually.Comes(() => File.Exists(Path.Combine(Folder, name)) && Written(name).EndsWith('\n'), $"the script writes {name}");

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
