namespace Sophia.Pipelines;

/// <summary>Names records by values of theirs.</summary>
internal static class RecordKeys
{
    /// <summary>The values joined by '/' ("/" and "\" of a value escaped by "\"), or null where one is missing or there are none.</summary>
    public static string? Of(ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
            if (string.IsNullOrEmpty(value))
                return null;
        return values.Length switch
        {
            0 => null,
            1 => values[0],
            _ => string.Join('/', values.ToArray().Select(static value => value!.Replace("\\", "\\\\").Replace("/", "\\/"))),
        };
    }

    /// <summary>The fields that a file's name makes one think of: <c>id</c>, <c>{singular of the file}_id</c>, <c>{file}_id</c>.</summary>
    public static string[] Candidates(string path)
    {
        var stem = FileFormats.Stem(path);
        var name = stem[(stem.LastIndexOf('/') + 1)..];
        return [.. new[] { "id", Singular(name) + "_id", name + "_id" }.Distinct()];
    }

    private static string Singular(string name) => name switch
    {
        _ when name.EndsWith("ies", StringComparison.OrdinalIgnoreCase) && name.Length > 3 => name[..^3] + "y",
        _ when name.EndsWith("ses", StringComparison.OrdinalIgnoreCase) || name.EndsWith("xes", StringComparison.OrdinalIgnoreCase) => name[..^2],
        _ when name.EndsWith('s') && !name.EndsWith("ss", StringComparison.OrdinalIgnoreCase) && name.Length > 1 => name[..^1],
        _ => name,
    };
}
