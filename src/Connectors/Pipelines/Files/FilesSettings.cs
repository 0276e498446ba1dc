using System.Globalization;

namespace Sophia.Pipelines;

/// <summary>The settings of one files source, parsed and checked.</summary>
internal sealed record FilesSettings
{
    /// <summary>The longest line or row, in bytes.</summary>
    public const int DefaultMaxLineBytes = 8 * 1024 * 1024;

    /// <summary>The largest JSON, Markdown or text file, in bytes.</summary>
    public const int DefaultMaxDocumentBytes = 64 * 1024 * 1024;

    /// <summary>The largest source file, in bytes: what is larger was hardly written by a person.</summary>
    public const int DefaultMaxCodeBytes = 1024 * 1024;

    /// <summary>How long a watched file must have been left alone before it is read.</summary>
    public static readonly TimeSpan DefaultSettleFor = TimeSpan.FromSeconds(2);

    public static readonly TimeSpan LongestSettleFor = TimeSpan.FromDays(1);

    public required string Path { get; init; }

    public Globs Include { get; init; } = Globs.All;

    public Globs Exclude { get; init; } = Globs.None;

    public bool Watch { get; init; }

    public int MaxLineBytes { get; init; } = DefaultMaxLineBytes;

    public int MaxDocumentBytes { get; init; } = DefaultMaxDocumentBytes;

    public int MaxCodeBytes { get; init; } = DefaultMaxCodeBytes;

    /// <summary>Whether source files in folders of others' code and lock files are read as well. Default: they are passed over.</summary>
    public bool Vendored { get; init; }

    /// <summary>Whether generated source files are read as well. Default: they are refused by name.</summary>
    public bool Generated { get; init; }

    public TimeSpan SettleFor { get; init; } = DefaultSettleFor;

    public FileEncoding Encoding { get; init; } = FileEncoding.Detected;

    public FileFormat? Format { get; init; }

    public string? Stream { get; init; }

    public IReadOnlyList<string> Key { get; init; } = [];

    /// <exception cref="SourceException">A setting is missing or out of range; the text names it and what was expected.</exception>
    public static FilesSettings Parse(SourceDefinition definition) => new()
    {
        Path = definition["path"] is { Length: > 0 } path ? path : throw Wrong("path", definition["path"], "the path of a file or folder"),
        Include = definition["include"] is { Length: > 0 } include ? Globs.Parse(include) : Globs.All,
        Exclude = definition["exclude"] is { Length: > 0 } exclude ? Globs.Parse(exclude) : Globs.None,
        Watch = Flag(definition, "watch"),
        MaxLineBytes = Size(definition, "maxLineBytes", DefaultMaxLineBytes),
        MaxDocumentBytes = Size(definition, "maxDocumentBytes", DefaultMaxDocumentBytes),
        MaxCodeBytes = Size(definition, "maxCodeBytes", DefaultMaxCodeBytes),
        Vendored = Flag(definition, "vendored"),
        Generated = Flag(definition, "generated"),
        SettleFor = Duration(definition, "settleFor", DefaultSettleFor),
        Encoding = FileEncodings.Parse(definition["encoding"]) ?? throw Wrong("encoding", definition["encoding"], FileEncodings.Names),
        Format = definition["format"] is { Length: > 0 } format
            ? FileFormats.Parse(format) ?? throw Wrong("format", format, FileFormats.Names)
            : null,
        Stream = definition["stream"] is { Length: > 0 } stream ? stream : null,
        Key = definition["key"]?.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
    };

    private static bool Flag(SourceDefinition definition, string name) => definition[name]?.ToLowerInvariant() switch
    {
        null or "" or "false" or "no" or "off" => false,
        "true" or "yes" or "on" => true,
        var other => throw Wrong(name, other, "true or false"),
    };

    /// <summary>Bytes: a number, or one with KB, MB or GB (powers of 1,024).</summary>
    private static int Size(SourceDefinition definition, string name, int otherwise)
    {
        if (definition[name] is not { Length: > 0 } text)
            return otherwise;
        var unit = text.Length > 2 ? text[^2..].ToUpperInvariant() switch { "KB" => 1L << 10, "MB" => 1L << 20, "GB" => 1L << 30, _ => 1L } : 1L;
        var digits = unit == 1 ? text : text[..^2].TrimEnd();
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= int.MaxValue && count * unit is >= 16 and <= 1 << 30
            ? (int)(count * unit)
            : throw Wrong(name, text, "16 bytes to 1 GB, such as 8388608 or 8 MB");
    }

    private static TimeSpan Duration(SourceDefinition definition, string name, TimeSpan otherwise) =>
        definition[name] is not { Length: > 0 } text ? otherwise
        : Durations.TryParse(text, out var duration) && duration <= LongestSettleFor ? duration
        : throw Wrong(name, text, "a duration such as 2s, 500ms or 1m, at most 24h");

    private static SourceException Wrong(string name, string? value, string expected) =>
        new(value is null ? $"files: {name} is missing: give {expected}." : $"files: {name} is \"{value}\": give {expected}.", transient: false);
}
