using System.Globalization;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Names the records of one reading of a file, in their order, and tells where a key that Sophia found stands twice.</summary>
/// <param name="tellsRepeats">Whether a key that stands twice is told; else its rows are versions.</param>
/// <param name="piece">What the file is made of, in words for people: "line", "element".</param>
internal sealed class RowKeys(FileKey key, string path, string piece, bool tellsRepeats = true)
{
    /// <summary>The most keys that are remembered while a file is read: about 40 MB. Beyond it a key that stands twice makes a newer version of its record.</summary>
    public const int MostKnown = 1_000_000;

    private readonly Dictionary<ulong, (int Place, int Content)>? seen = tellsRepeats && key is { Stated: false, IsByPlace: false } ? [] : null;

    public IReadOnlyList<string> Fields => key.Fields;

    /// <summary>Whether a reading that begins in the middle has to know the keys before it.</summary>
    public bool Remembers => seen is not null;

    /// <summary>The name of a record; null where its stream's definition says what it is called by.</summary>
    /// <param name="row">Its number, from 1.</param>
    /// <param name="place">Where people find it.</param>
    /// <param name="repeated">Why it is held back, or null: another record was called so, and says something else.</param>
    public string? Of(ReadOnlySpan<string?> values, long row, long place, ReadOnlySpan<byte> payload, out CellReason? repeated)
    {
        repeated = null;
        if (key.IsPlanned)
            return null;
        if (RecordKeys.Of(values) is not { } name)
            return key is { Missing: MissingKey.Content, IsByPlace: false } ? $"{path}#~{ContentKey.Of(payload)}" : string.Create(CultureInfo.InvariantCulture, $"{path}#{row}");
        if (seen is null)
            return name;
        var hash = HashOf(name);
        var content = new HashCode();
        content.AddBytes(payload);
        if (!seen.TryGetValue(hash, out var first))
        {
            if (seen.Count < MostKnown)
                seen.Add(hash, ((int)Math.Min(place, int.MaxValue), content.ToHashCode()));
        }
        else if (first.Content != content.ToHashCode())
            repeated = Repeated(name, first.Place, place);
        return name;
    }

    private CellReason Repeated(string name, long first, long second)
    {
        var (fields, stated) = (string.Join(" and ", Fields), string.Join(", ", Fields));
        return new CellReason(Fields[0], "repeated key", Pieces.Clip(name), string.Create(CultureInfo.InvariantCulture, $"another {fields} in every {piece}; {piece} {first} has it already"), string.Create(CultureInfo.InvariantCulture,
            $"{Pieces.Clip(name)} stands in {piece}s {first} and {second}; {piece} {first} is the record. Mend the file; or state key: {stated} for the stream, where the last one is to count; or state fields that tell them apart."));
    }

    private static ulong HashOf(string name)
    {
        var hash = 0x9E3779B97F4A7C15UL;
        foreach (var c in name)
        {
            hash = (hash ^ c) * 0xC4CEB9FE1A85EC53UL;
            hash ^= hash >> 32;
        }
        hash ^= hash >> 33;
        hash *= 0xFF51AFD7ED558CCDUL;
        return hash ^ (hash >> 29);
    }
}
