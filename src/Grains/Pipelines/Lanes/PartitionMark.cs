using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Pipelines;

/// <summary>What a checkpoint says about a partition, as JSON under format 1. It is written in the transaction of the records that it covers.</summary>
/// <param name="Fingerprint">Of the content as read, and of the part of the definition that reading depends on.</param>
/// <param name="State">Where the reader goes on; null before the first batch.</param>
/// <param name="Done">Read to the end under this fingerprint.</param>
/// <param name="Records">Records read so far under this fingerprint; of a finished one, what the partition holds.</param>
/// <param name="Streams">Streams that the partition has ever fed.</param>
/// <param name="Reread">It was read before under another fingerprint, so keys may have vanished from it.</param>
/// <param name="Sweep">Read again to the end, and vanished keys have not been looked for yet.</param>
/// <param name="Bad">Pieces that could not be read or have no key: any key may stand in them, so none counts as vanished.</param>
/// <param name="Whole">Streams read whole, with the generation of that reading; null where the source does not count generations.</param>
/// <param name="Kept">Hashes of keys that this reading met and that are quarantined: they have not vanished either.</param>
internal sealed record PartitionMark(
    [property: JsonPropertyName("fp")] string Fingerprint,
    [property: JsonPropertyName("state")] string? State = null,
    [property: JsonPropertyName("done")] bool Done = false,
    [property: JsonPropertyName("records")] long Records = 0,
    [property: JsonPropertyName("streams")] IReadOnlyList<string>? Streams = null,
    [property: JsonPropertyName("reread")] bool Reread = false,
    [property: JsonPropertyName("sweep")] bool Sweep = false,
    [property: JsonPropertyName("bad")] long Bad = 0,
    [property: JsonPropertyName("whole")] IReadOnlyDictionary<string, int>? Whole = null,
    [property: JsonPropertyName("kept")] IReadOnlyList<ulong>? Kept = null,
    [property: JsonPropertyName("v")] int Format = 1)
{
    public string ToJson() => JsonSerializer.Serialize(this, PartitionMarkJson.Default.PartitionMark);

    /// <summary>A mark from a checkpoint; null where there is none or it is of a newer format (then the partition is read again, which loses nothing).</summary>
    public static PartitionMark? Of(string? checkpoint)
    {
        if (checkpoint is null)
            return null;
        try
        {
            return JsonSerializer.Deserialize(checkpoint, PartitionMarkJson.Default.PartitionMark) is { Format: 1 } mark ? mark : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The name of a partition in the checkpoints of its pipeline.</summary>
    public static string PartitionName(string source, string partition) => $"{source}/{partition}";

    /// <summary>The name of a partition in heads, where those of all pipelines meet: what one has not seen any more, another may still have.</summary>
    public static string HeadName(string pipeline, string partitionName) => $"{pipeline}/{partitionName}";

    /// <summary>The name in heads of what one generation of a stream's readings saw.</summary>
    public static string HeadName(string headName, int generation) => generation == 0 ? headName : string.Create(CultureInfo.InvariantCulture, $"{headName}@{generation}");
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(PartitionMark))]
internal sealed partial class PartitionMarkJson : JsonSerializerContext;
