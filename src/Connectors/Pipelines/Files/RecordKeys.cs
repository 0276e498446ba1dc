namespace Sophia.Pipelines;

/// <summary>Which field names a file's records.</summary>
/// <remarks>The source's <c>key</c> setting decides; else a field <c>id</c>, <c>{singular of the file}_id</c> or <c>{file}_id</c> that has a value, each time
/// another, in the first <see cref="ProbedRows"/> records; else the file's path and the record's number, because several files may feed one stream.</remarks>
internal sealed class RecordKeys
{
    /// <summary>How many records are looked at before a field counts as a key.</summary>
    public const int ProbedRows = 1_000;

    private readonly string[] candidates;
    private readonly HashSet<string>?[] seen;

    private RecordKeys(string[] candidates)
    {
        this.candidates = candidates;
        seen = [.. candidates.Select(_ => new HashSet<string>(StringComparer.Ordinal))];
    }

    public static RecordKeys Probe(string path)
    {
        var stem = FileFormats.Stem(path);
        var name = stem[(stem.LastIndexOf('/') + 1)..];
        return new RecordKeys([.. new[] { "id", Singular(name) + "_id", name + "_id" }.Distinct()]);
    }

    public IReadOnlyList<string> Candidates => candidates;

    public void Saw(ReadOnlySpan<string?> values)
    {
        for (var i = 0; i < values.Length; i++)
            if (values[i] is null || seen[i]?.Add(values[i]!) == false)
                seen[i] = null;
    }

    /// <summary>The first candidate that held; empty where none did.</summary>
    public IReadOnlyList<string> Decide()
    {
        for (var i = 0; i < candidates.Length; i++)
            if (seen[i]?.Count > 0)
                return [candidates[i]];
        return [];
    }

    /// <summary>The values joined by '/' ("/" and "\" of a value escaped by "\"), or the file's path and the record's number (from 1) where one is missing.</summary>
    public static string Of(ReadOnlySpan<string?> values, string path, long row)
    {
        foreach (var value in values)
            if (string.IsNullOrEmpty(value))
                return $"{path}#{row}";
        return values.Length switch
        {
            0 => $"{path}#{row}",
            1 => values[0]!,
            _ => string.Join('/', values.ToArray().Select(static value => value!.Replace("\\", "\\\\").Replace("/", "\\/"))),
        };
    }

    private static string Singular(string name) => name switch
    {
        _ when name.EndsWith("ies", StringComparison.OrdinalIgnoreCase) && name.Length > 3 => name[..^3] + "y",
        _ when name.EndsWith("ses", StringComparison.OrdinalIgnoreCase) || name.EndsWith("xes", StringComparison.OrdinalIgnoreCase) => name[..^2],
        _ when name.EndsWith('s') && !name.EndsWith("ss", StringComparison.OrdinalIgnoreCase) && name.Length > 1 => name[..^1],
        _ => name,
    };
}
