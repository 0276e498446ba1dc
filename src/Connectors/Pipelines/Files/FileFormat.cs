namespace Sophia.Pipelines;

/// <summary>How a file is read.</summary>
internal enum FileFormat
{
    Csv = 1,
    Tsv = 2,
    JsonLines = 3,
    Json = 4,
    Markdown = 5,
    Text = 6,
    Captions = 7,
    Code = 8,
}

/// <summary>Which format a file's name promises.</summary>
internal static class FileFormats
{
    public const string Names = "csv, tsv, jsonl, json, markdown, text, captions or code";

    public static FileFormat? Parse(string name) => name.ToLowerInvariant() switch
    {
        "csv" => FileFormat.Csv,
        "tsv" => FileFormat.Tsv,
        "jsonl" or "ndjson" => FileFormat.JsonLines,
        "json" => FileFormat.Json,
        "markdown" or "md" => FileFormat.Markdown,
        "text" or "txt" => FileFormat.Text,
        "captions" or "vtt" or "srt" => FileFormat.Captions,
        "code" => FileFormat.Code,
        _ => null,
    };

    /// <summary>The format by extension, the part of the name before it, and whether it is compressed; no format where there is no reader.</summary>
    public static (FileFormat? Format, bool Gzip) Of(string path)
    {
        var gzip = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        var name = gzip ? path[..^3] : path;
        FileFormat? format = Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".csv" => FileFormat.Csv,
            ".tsv" or ".tab" => FileFormat.Tsv,
            ".jsonl" or ".ndjson" => FileFormat.JsonLines,
            ".json" => FileFormat.Json,
            ".md" or ".markdown" or ".mdx" => FileFormat.Markdown,
            ".txt" or ".rst" or ".log" => FileFormat.Text,
            ".vtt" or ".srt" => FileFormat.Captions,
            var extension when CodeFiles.Language(extension) is not null => FileFormat.Code,
            _ => null,
        };
        return (format, gzip);
    }

    /// <summary>A path without its extension, and without .gz.</summary>
    public static string Stem(string path)
    {
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            path = path[..^3];
        var dot = path.LastIndexOf('.');
        return dot > path.LastIndexOf('/') + 1 ? path[..dot] : path;
    }
}
