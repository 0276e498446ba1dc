using System.Globalization;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Reads the sources of a definition. A source's settings are kept as text; a list becomes one text with a line for each item.</summary>
internal sealed class SourceReader(DefinitionErrors errors)
{
    /// <summary>What each kind of source may be told; the connectors read the values.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> Known = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["airbyte"] = ["command", "config", "idleAfter", "image", "maxLineBytes", "name", "schema", "startWithin", "streams", "type"],
        ["files"] = ["encoding", "exclude", "format", "generated", "include", "key", "maxCodeBytes", "maxDocumentBytes", "maxLineBytes", "name", "path", "settleFor", "stream", "type", "vendored", "watch", "watchEvery"],
        ["github-webhook"] = ["name", "secret", "type"],
        ["webhook"] = ["deliveryHeader", "encoding", "key", "name", "prefix", "secret", "signatureHeader", "stream", "timestampHeader", "tolerance", "type"],
    };

    /// <summary>The longest name of a stream that a source is told, in characters: 300, as a connector's streams have. With its pipeline's name every store can index it.</summary>
    public const int MaxStream = 300;

    private readonly List<SourceDefinition> sources = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    public IReadOnlyList<SourceDefinition> Sources => sources;

    public void Read(DefinitionNode node, string where)
    {
        if (DefinitionMapping.Of(node, where, errors) is not { } source)
            return;
        var type = source.Text("type");
        if (type is null)
            source.Missing("type", $"one of {string.Join(", ", Known.Keys.Order(StringComparer.Ordinal))}");
        else if (!Known.TryGetValue(type, out var keys))
            errors.Expected(source.Find("type")!, source.At("type"), $"one of {string.Join(", ", Known.Keys.Order(StringComparer.Ordinal))}");
        else
            Read(source, type, keys);
    }

    private void Read(DefinitionMapping source, string type, string[] keys)
    {
        source.OnlyKnows(keys);
        if (type == "files" && source.Find("path") is null)
            source.Missing("path", "a folder or file");
        if (source.YesOrNo("watch") is not null && source.Text("watchEvery") is { } every && !(Durations.TryParse(every, out var pause) && pause >= TimeSpan.FromSeconds(1)))
            errors.Expected(source.Find("watchEvery")!, source.At("watchEvery"), $"{Durations.Expectation}, at least 1s");
        if (source.Text("stream") is { } stream && OwnStreams.Include(stream))
            errors.Expected(source.Find("stream")!, source.At("stream"), OwnStreams.Expectation);
        if (source.Text("stream") is { Length: > MaxStream } text)
            errors.Add(source.Find("stream")!.Line, source.At("stream"), string.Create(CultureInfo.InvariantCulture, $"expected at most {MaxStream} characters, found {text.Length}"));
        if (WebhookKinds.IsWebhook(type))
            Webhook(source);
        if (type == "airbyte")
            AirbyteSourceRules.Check(source);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in source.Entries)
            if (type == "airbyte" && AirbyteSourceRules.IsStructured(entry.Key))
                settings[entry.Key] = DefinitionJson.Of(entry.Value);
            else if (entry.Key != "type" && entry.Value is not DefinitionNode.Scalar { IsNull: true })
                settings[entry.Key] = string.Join('\n', DefinitionMapping.TextsOf(entry.Value, source.At(entry.Key), errors));
        settings["name"] = Named(source, type);
        sources.Add(new SourceDefinition(type, settings));
    }

    private void Webhook(DefinitionMapping source)
    {
        if (sources.Any(other => WebhookKinds.IsWebhook(other.Type)))
            errors.Add(source.Line, source.Where, "expected at most one webhook in a pipeline, found a second one");
        if (source.Text("secret") is not { } secret)
            source.Missing("secret", SecretReference.Expectation);
        else if (SecretReference.Parse(secret) is null)
            errors.Add(source.Find("secret")!.Line, source.At("secret"), $"expected {SecretReference.Expectation}, found a text of {secret.Length.ToString(CultureInfo.InvariantCulture)} characters");
        if (source.Text("encoding") is { } encoding && encoding is not ("hex" or "base64"))
            errors.Expected(source.Find("encoding")!, source.At("encoding"), "hex or base64");
        if (source.Text("tolerance") is { } tolerance && !Durations.TryParse(tolerance, out _))
            errors.Expected(source.Find("tolerance")!, source.At("tolerance"), Durations.Expectation);
    }

    // Checkpoints and heads carry the name, so it must not depend on what stands around the source where its author gave one.
    private string Named(DefinitionMapping source, string type)
    {
        var given = source.Text("name");
        if (given is not null && !TenantId.IsName(given))
            errors.Expected(source.Find("name")!, source.At("name"), "1 to 63 of a-z, 0-9 and '-', not starting with '-'");
        var name = given ?? type;
        for (var n = 2; given is null && names.Contains(name); n++)
            name = $"{type}-{n}";
        if (!names.Add(name))
            errors.Expected(source.Find("name")!, source.At("name"), "a name that no other source of the pipeline has");
        return name;
    }
}
