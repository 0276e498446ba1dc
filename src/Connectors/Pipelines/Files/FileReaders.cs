namespace Sophia.Pipelines;

/// <summary>Which reader reads which format.</summary>
internal static class FileReaders
{
    public static async Task<ISourceReader> Open(OpenedFile file, ReaderState state, CancellationToken cancellation) => file.Format switch
    {
        FileFormat.Csv or FileFormat.Tsv => await CsvReader.Open(file, state, cancellation),
        FileFormat.JsonLines => await JsonLinesReader.Open(file, state, cancellation),
        FileFormat.Json => new WholeFileReader(file, state, JsonPieces.Split),
        FileFormat.Markdown => new WholeFileReader(file, state, DocumentPieces.Markdown),
        FileFormat.Captions => new WholeFileReader(file, state, DocumentPieces.Captions),
        FileFormat.Code => new WholeFileReader(file, state, CodePieces.Split, file.Settings.MaxCodeBytes, "maxCodeBytes"),
        _ => new WholeFileReader(file, state, DocumentPieces.Text),
    };
}
