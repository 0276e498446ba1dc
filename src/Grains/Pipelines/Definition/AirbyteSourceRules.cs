using System.Text.RegularExpressions;

namespace Sophia.Pipelines;

/// <summary>What a definition may say of a source that speaks the Airbyte protocol.</summary>
internal static partial class AirbyteSourceRules
{
    internal static readonly string[] StreamKeys = ["cursor", "key", "mode", "name", "namespace"];
    internal static readonly string[] Modes = ["full_refresh", "incremental"];
    internal static readonly string[] SchemaLevels = ["error", "off", "warning"];

    /// <summary>The smallest and the largest bound of a connector's line, in bytes.</summary>
    internal const int LeastLineBytes = 1_024;
    internal const int MostLineBytes = 256 * 1024 * 1024;

    /// <summary>Settings that are kept as JSON because they have structure.</summary>
    public static bool IsStructured(string key) => key is "command" or "config" or "streams";

    public static void Check(DefinitionMapping source)
    {
        var (command, image) = (source.Find("command"), source.Find("image"));
        if (command is null == image is null)
            source.Errors.Add(source.Line, source.Where, $"expected either command or image, found {(command is null ? "neither" : "both")}");
        if (command is not null && source.Texts("command") is [] or ["", ..])
            source.Errors.Expected(command, source.At("command"), "a program with its arguments, such as [node, connector.mjs]");
        if (image is not null && source.Text("image") is { } name && !Image().IsMatch(name))
            source.Errors.Expected(image, source.At("image"), "an image such as airbyte/source-faker:6.2.21");
        if (source.Mapping("config") is { } config)
            Secrets(config);
        OneOf(source, "schema", SchemaLevels);
        foreach (var key in new[] { "startWithin", "idleAfter" })
            if (source.Text(key) is { } duration && !(Durations.TryParse(duration, out var length) && length > TimeSpan.Zero && length <= TimeSpan.FromDays(1)))
                source.Errors.Expected(source.Find(key)!, source.At(key), $"{Durations.Expectation}, at most 24h");
        _ = source.Integer("maxLineBytes", LeastLineBytes, MostLineBytes);
        Streams(source);
    }

    private static void Streams(DefinitionMapping source)
    {
        if (source.Find("streams") is not { } node)
            return;
        if (node is not DefinitionNode.Sequence { Items.Count: > 0 } list)
        {
            source.Errors.Expected(node, source.At("streams"), "a list of names, or of mappings with a name");
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Items.Count; i++)
        {
            var where = $"{source.At("streams")}[{i}]";
            var (name, space) = list.Items[i] is DefinitionNode.Scalar { Text: { Length: > 0 } text } ? (text, null) : Stream(list.Items[i], where, source.Errors);
            if (name is not null && !seen.Add($"{space}\n{name}"))
                source.Errors.Expected(list.Items[i], where, "each stream once");
        }
    }

    private static (string? Name, string? Namespace) Stream(DefinitionNode node, string where, DefinitionErrors errors)
    {
        if (DefinitionMapping.Of(node, where, errors) is not { } stream)
            return default;
        stream.OnlyKnows(StreamKeys);
        if (stream.Text("name") is not { Length: > 0 })
            stream.Missing("name", "the name of one of the connector's streams");
        OneOf(stream, "mode", Modes);
        _ = stream.Text("cursor", "a field");
        _ = stream.Texts("key");
        return (stream.Text("name"), stream.Text("namespace"));
    }

    // A reference that is mistyped would be handed to the connector as a password.
    private static void Secrets(DefinitionMapping mapping)
    {
        foreach (var entry in mapping.Entries)
            Secrets(entry.Value, mapping.At(entry.Key), mapping.Errors);
    }

    private static void Secrets(DefinitionNode node, string where, DefinitionErrors errors)
    {
        switch (node)
        {
            case DefinitionNode.Mapping fields:
                foreach (var entry in fields.Entries)
                    Secrets(entry.Value, $"{where}.{entry.Key}", errors);
                break;
            case DefinitionNode.Sequence items:
                foreach (var item in items.Items)
                    Secrets(item, where, errors);
                break;
            case DefinitionNode.Scalar scalar:
                foreach (Match reference in Reference().Matches(scalar.Text))
                    if (SecretReference.Parse(reference.Groups[1].Value) is null or SecretReference.Generated)
                        errors.Expected(node, where, "a secret as ${env:NAME} or ${file:PATH}");
                break;
        }
    }

    private static void OneOf(DefinitionMapping mapping, string key, string[] known)
    {
        if (mapping.Text(key) is { } text && !known.Contains(text))
            mapping.Errors.Expected(mapping.Find(key)!, mapping.At(key), $"one of {string.Join(", ", known)}");
    }

    [GeneratedRegex(@"^[a-z0-9][\w./:@-]*$", RegexOptions.IgnoreCase)]
    private static partial Regex Image();

    [GeneratedRegex(@"\$\{([^}]*)\}")]
    private static partial Regex Reference();
}
