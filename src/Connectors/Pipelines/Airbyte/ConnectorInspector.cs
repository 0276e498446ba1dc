using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Sophia.Pipelines;

/// <summary>What a connector answered to somebody who only looks.</summary>
/// <param name="Failure">Why there is no answer, or what the connector finds wrong with the configuration; null where all is well.</param>
/// <param name="Answer">The specification or the catalog, as the connector gave it; null for a check.</param>
/// <param name="Streams">How each stream of a catalog would be read; empty for other questions.</param>
/// <param name="OpenSecrets">Places in the definition where a value stands openly that the connector calls a secret.</param>
/// <param name="Changed">The configuration as the connector changed it meanwhile, secrets in place, or null. Nobody else keeps it.</param>
public sealed record Inspection(string? Failure, JsonElement? Answer, IReadOnlyList<InspectedStream> Streams, IReadOnlyList<string> OpenSecrets, IReadOnlyList<ConnectorLine> Lines, string? Changed);

/// <summary>Fields are those at the top of the stream's schema.</summary>
public sealed record InspectedStream(string Name, string StoredAs, bool Incremental, string Key, string Cursor, IReadOnlyList<string> Fields);

/// <summary>Asks a connector for its specification, its opinion of a configuration and its catalog, without a pipeline.</summary>
public sealed class ConnectorInspector(IOptions<AirbyteOptions> options, ISecretResolver secrets, TimeProvider time)
{
    public Task<Inspection> Spec(string tenant, SourceDefinition source, CancellationToken cancellation) => Inspect(tenant, source, "spec", cancellation);

    public Task<Inspection> Check(string tenant, SourceDefinition source, CancellationToken cancellation) => Inspect(tenant, source, "check", cancellation);

    public Task<Inspection> Discover(string tenant, SourceDefinition source, CancellationToken cancellation) => Inspect(tenant, source, "discover", cancellation);

    private async Task<Inspection> Inspect(string tenant, SourceDefinition source, string verb, CancellationToken cancellation)
    {
        var settings = AirbyteSettings.Parse(source);
        var blanks = new SecretBlanks();
        var voice = new ConnectorVoice(settings.Name, blanks, new ConnectorLines(time));
        var session = new AirbyteSession(settings, options.Value, blanks, voice, time);
        IReadOnlyList<string> openly = [];
        try
        {
            var spec = await session.Spec(cancellation);
            openly = ConnectorConfig.OpenSecrets(spec, settings.ConfigJson);
            if (verb == "spec")
                return new Inspection(null, spec, [], openly, voice.Take(), null);
            var config = await ConnectorConfig.Resolve(settings, tenant, secrets, blanks, cancellation);
            config.BlankDeclared(spec, blanks);
            if (verb == "check")
                return new Inspection(await session.Check(config, cancellation), null, [], openly, voice.Take(), voice.TakeChanged());
            var catalog = await session.Discover(config, cancellation);
            return new Inspection(null, catalog, [.. AirbyteCatalog.Of(catalog, settings, "PIPELINE").Streams.Select(Shown)], openly, voice.Take(), voice.TakeChanged());
        }
        catch (SourceException wrong)
        {
            return new Inspection(wrong.Message, null, [], openly, voice.Take(), voice.TakeChanged());
        }
    }

    private static InspectedStream Shown(AirbyteStream stream) => new(stream.Namespace is null ? stream.Name : $"{stream.Namespace}.{stream.Name}", stream.Stored, stream.IsIncremental,
        stream.Key.Count == 0 ? "its content" : stream.KeyShown, string.Join('.', stream.Cursor),
        stream.Declared.TryGetProperty("json_schema", out var schema) && schema.TryGetProperty("properties", out var fields) && fields.ValueKind == JsonValueKind.Object
            ? [.. fields.EnumerateObject().Select(field => field.Name)] : []);
}
