using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Pipelines;

/// <summary>How a record is called whose key fields have no value.</summary>
public enum MissingKey
{
    /// <summary>By its number in the file: so records were called before keys were kept.</summary>
    Row = 1,

    /// <summary>By its content.</summary>
    Content = 2,
}

/// <summary>What the records of one file are called by, kept with their stream (docs/adr/0034). No fields: by their number in the file.</summary>
/// <param name="Stated">A person said so; then rows of one key are versions of one record. Else Sophia found it, and a key that is there already is held back.</param>
/// <param name="Missing">What a row without a value is called by.</param>
/// <param name="Hint">Where rows are numbered: a field that was different in each of them.</param>
public sealed record FileKey(IReadOnlyList<string> Fields, bool Stated, MissingKey Missing, string? Hint = null)
{
    /// <summary>The format that is written.</summary>
    public const int CurrentFormat = 1;

    [JsonPropertyName("v")]
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The key of a stream whose definition says what its records are called by: nothing is looked for in the file, and nothing kept.</summary>
    public static FileKey Planned { get; } = new([], true, MissingKey.Row);

    [JsonIgnore]
    public bool IsPlanned => this is { Stated: true, IsByPlace: true };

    [JsonIgnore]
    public bool IsByPlace => Fields.Count == 0;

    public bool IsSameAs(FileKey other) => Fields.SequenceEqual(other.Fields, StringComparer.Ordinal) && (Stated, Missing, Hint) == (other.Stated, other.Missing, other.Hint);

    public string ToJson() => JsonSerializer.Serialize(this, FileKeyJson.Default.FileKey);

    /// <exception cref="SourceException">It is of a newer release, or no kept key at all. Whoever guessed then would give every record another name.</exception>
    public static FileKey Of(string json, string file)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, FileKeyJson.Default.FileKey) is { Format: CurrentFormat, Fields: not null } key)
                return key;
        }
        catch (JsonException)
        {
            // Said below.
        }
        throw new SourceException($"What the records of {file} are called by was kept by another release, and this one cannot read it: upgrade.", transient: false);
    }
}

/// <summary>A key to keep with the records that are called by it.</summary>
public sealed record FileKeyWrite(string Stream, string File, FileKey Key);

/// <summary>What is known of keys before a file is read.</summary>
public interface IFileKeys
{
    /// <summary>What a file's records are called by: as it is kept, else as the stream's records show. Null where neither says it.</summary>
    /// <param name="candidates">Fields that are tried first where records have to show it.</param>
    ValueTask<(FileKey Key, bool Kept)?> Of(string stream, string file, IReadOnlyList<string> candidates, CancellationToken cancellation);

    /// <summary>Fields by which other files' records in the stream are called.</summary>
    ValueTask<IReadOnlyList<IReadOnlyList<string>>> Beside(string stream, IReadOnlyList<string> candidates, CancellationToken cancellation);
}

/// <summary>Nothing is known: for those who only look.</summary>
public sealed class NoFileKeys : IFileKeys
{
    public static readonly NoFileKeys Instance = new();

    public ValueTask<(FileKey Key, bool Kept)?> Of(string stream, string file, IReadOnlyList<string> candidates, CancellationToken cancellation) => ValueTask.FromResult<(FileKey, bool)?>(null);

    public ValueTask<IReadOnlyList<IReadOnlyList<string>>> Beside(string stream, IReadOnlyList<string> candidates, CancellationToken cancellation) => ValueTask.FromResult<IReadOnlyList<IReadOnlyList<string>>>([]);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FileKey))]
internal sealed partial class FileKeyJson : JsonSerializerContext;
