using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Sophia.Hosting;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Commands;

/// <summary>Tries the connectors of a definition on this machine, before it is applied: their specification, their opinion of the configuration, their streams.</summary>
/// <remarks>Nothing of a running Sophia is asked or changed; secrets come from this command's own environment and files.</remarks>
internal static class SourcesCommand
{
    public static Command Create() => new("sources", "Try the connectors of a definition before it is applied.")
    {
        Verb("spec", "Print what a connector needs to be told.", static (inspector, source, stop) => inspector.Spec(RunningSophia.DefaultTenant.Value, source, stop), Specification),
        Verb("check", "Ask a connector whether it accepts its configuration and reaches its source.", static (inspector, source, stop) => inspector.Check(RunningSophia.DefaultTenant.Value, source, stop), Checked),
        Verb("discover", "Print a connector's streams, and how each would be read.", static (inspector, source, stop) => inspector.Discover(RunningSophia.DefaultTenant.Value, source, stop), Streams),
    };

    private static Command Verb(string verb, string description, Func<ConnectorInspector, SourceDefinition, CancellationToken, Task<Inspection>> ask, Action<Inspection> print)
    {
        var file = new Argument<FileInfo>("file") { Description = "A pipeline's definition in YAML or JSON." }.AcceptExistingOnly();
        var name = new Option<string?>("--source") { Description = "The name of one source. Default: every source of type airbyte." };
        var command = new Command(verb, description) { file, name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var failed = false;
            foreach (var source in Sources(parsed.GetValue(file)!, parsed.GetValue(name)))
            {
                var found = await ask(Inspector(), source, cancellation);
                failed |= found.Failure is not null;
                Tell(source, found, parsed.GetValue(Settings.Json), print);
            }
            return failed ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }

    private static IReadOnlyList<SourceDefinition> Sources(FileInfo file, string? name)
    {
        var read = PipelineDefinitionReader.Read(File.ReadAllText(file.FullName), file.Name, null);
        if (read.Definition is null && read.Errors.All(error => error.Contains("name: expected a name", StringComparison.Ordinal)))
            read = PipelineDefinitionReader.Read(File.ReadAllText(file.FullName), file.Name, "unnamed");
        if (read.Definition is not { } definition)
            throw new CommandFailedException(string.Join('\n', read.Errors));
        var sources = definition.Sources.Where(source => source.Type == "airbyte" && (name is null || source["name"] == name)).ToArray();
        return sources.Length > 0 ? sources
            : throw new CommandFailedException(name is null ? $"{file.Name} has no source of type airbyte." : $"{file.Name} has no source of type airbyte called \"{name}\".");
    }

    private static ConnectorInspector Inspector() =>
        new(Options.Create(new AirbyteOptions { TrustedTenants = [RunningSophia.DefaultTenant.Value] }), new SecretResolver(new HashSet<TenantId> { RunningSophia.DefaultTenant }), TimeProvider.System);

    private static void Tell(SourceDefinition source, Inspection found, bool json, Action<Inspection> print)
    {
        if (json)
            Console.Out.WriteLine(found.Answer?.GetRawText() ?? (found.Failure is null ? "{\"status\":\"SUCCEEDED\"}" : $"{{\"status\":\"FAILED\",\"message\":{JsonSerializer.Serialize(found.Failure, SourcesJson.Default.String)}}}"));
        else if (found.Failure is null)
            print(found);
        foreach (var line in found.Lines.Where(line => found.Failure is not null || line.Level >= ConnectorLineLevel.Warning))
            Console.Error.WriteLine(Show.Tame($"  {line.Level.ToString().ToLowerInvariant()}: {line.Text}"));
        foreach (var place in found.OpenSecrets)
            Console.Error.WriteLine(Show.Tame($"{source["name"]}: {place} is a secret and stands openly in the definition: write ${{env:NAME}} or ${{file:PATH}}"));
        if (found.Failure is { } failure)
            Console.Error.WriteLine(Show.Tame(failure.StartsWith($"{source["name"]}: ", StringComparison.Ordinal) ? failure : $"{source["name"]}: {failure}"));
        if (found.Changed is { } changed)
            Console.Error.WriteLine($"{source["name"]}: the connector changed its configuration, probably a token that counts once. It is in {Kept(changed)}: put it where the definition's secrets are.");
    }

    private static void Checked(Inspection found) => Console.Out.WriteLine("the connector accepts its configuration and reaches its source");

    private static void Streams(Inspection found) => Show.Rows(["stream", "read", "key", "cursor", "fields"], found.Streams.Select(stream => new[]
    {
        Show.Plain(stream.Name), stream.Incremental ? "incremental" : "whole", Show.Plain(stream.Key), Show.Plain(stream.Cursor), Show.Plain(string.Join(", ", stream.Fields)),
    }), "The connector has no streams.");

    private static void Specification(Inspection found)
    {
        var schema = found.Answer!.Value.TryGetProperty("connectionSpecification", out var stated) ? stated : default;
        Show.Rows(["config", "type", "", "what it is"], Fields(schema, ""), "The connector needs no configuration.");
    }

    private static IEnumerable<string[]> Fields(JsonElement schema, string above)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
            yield break;
        var required = schema.TryGetProperty("required", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
        foreach (var property in properties.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.Object))
        {
            var secret = property.Value.TryGetProperty("airbyte_secret", out var flag) && flag.ValueKind == JsonValueKind.True;
            yield return [Show.Plain(above + property.Name), Show.Plain(Text(property.Value, "type")), string.Join(", ", new[] { required.Contains(property.Name) ? "required" : "", secret ? "secret" : "" }.Where(word => word.Length > 0)),
                Show.Plain(Text(property.Value, "description") is { Length: > 0 } described ? described : Text(property.Value, "title"))];
            foreach (var field in Fields(property.Value, $"{above}{property.Name}."))
                yield return field;
        }
    }

    private static string Text(JsonElement of, string name) => !of.TryGetProperty(name, out var value) ? "" : value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static string Kept(string changed)
    {
        var path = Path.Combine(Environment.CurrentDirectory, $"connector-config-{DateTime.UtcNow:yyyyMMdd-HHmmss}.json");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write(changed);
        return path;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class SourcesJson : System.Text.Json.Serialization.JsonSerializerContext;
