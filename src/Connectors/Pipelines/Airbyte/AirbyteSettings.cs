using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>What becomes of a record that breaks the schema which its connector declared.</summary>
internal enum SchemaLevel
{
    Off = 0,

    /// <summary>It is stored; the first breaches of each field are told.</summary>
    Warning = 1,

    /// <summary>It is quarantined with its reasons.</summary>
    Error = 2,
}

/// <summary>The settings of one airbyte source, parsed; the definition's reader has checked them.</summary>
internal sealed record AirbyteSettings
{
    public const int DefaultMaxLineBytes = 16 * 1024 * 1024;

    public static readonly TimeSpan DefaultStartWithin = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan DefaultIdleAfter = TimeSpan.FromMinutes(15);

    public required string Name { get; init; }

    /// <summary>Program and arguments; empty where an image is run.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    public required string? Image { get; init; }

    /// <summary>As stated: secrets are references yet.</summary>
    public required string ConfigJson { get; init; }

    public required IReadOnlyList<ChosenStream> Streams { get; init; }

    public required SchemaLevel Schema { get; init; }

    public required int MaxLineBytes { get; init; }

    /// <summary>How long a connector may take to its first message.</summary>
    public required TimeSpan StartWithin { get; init; }

    /// <summary>How long it may say nothing after that.</summary>
    public required TimeSpan IdleAfter { get; init; }

    public static AirbyteSettings Parse(SourceDefinition definition) => new()
    {
        Name = definition["name"] ?? definition.Type,
        Command = Texts(definition["command"]),
        Image = definition["image"],
        ConfigJson = definition["config"] ?? "{}",
        Streams = Chosen(definition["streams"]),
        Schema = definition["schema"] switch { "off" => SchemaLevel.Off, "error" => SchemaLevel.Error, _ => SchemaLevel.Warning },
        MaxLineBytes = int.TryParse(definition["maxLineBytes"], out var bytes) ? bytes : DefaultMaxLineBytes,
        StartWithin = Durations.TryParse(definition["startWithin"], out var start) ? start : DefaultStartWithin,
        IdleAfter = Durations.TryParse(definition["idleAfter"], out var idle) ? idle : DefaultIdleAfter,
    };

    private static IReadOnlyList<string> Texts(string? json)
    {
        if (json is null)
            return [];
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray().Select(Text)] : [Text(document.RootElement)];
    }

    private static IReadOnlyList<ChosenStream> Chosen(string? json)
    {
        if (json is null)
            return [];
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object
            ? new ChosenStream(Text(item.GetProperty("name")), Of(item, "namespace"), Of(item, "mode"), Of(item, "cursor"),
                item.TryGetProperty("key", out var key) ? Texts(key.GetRawText()) : [])
            : new ChosenStream(Text(item), null, null, null, []))];
    }

    private static string? Of(JsonElement item, string name) => item.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Text(value) : null;

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}

/// <summary>A stream that the definition asks for. Mode is "incremental", "full_refresh" or null (the best that the stream can); cursor and key null or empty: as the connector says.</summary>
internal sealed record ChosenStream(string Name, string? Namespace, string? Mode, string? Cursor, IReadOnlyList<string> Key);
