namespace Sophia.Pipelines;

/// <summary>What a file's records are called by, and what follows from it for the first batch.</summary>
/// <param name="Write">To be kept with the first records; null: it is kept already.</param>
/// <param name="Line">What people are told; null: nothing.</param>
internal sealed record ChosenKey(FileKey Key, FileKeyWrite? Write = null, ConnectorLine? Line = null)
{
    /// <summary>What the pipeline states; else what is kept, or stored records show; else what other files of the stream are called by, where this one has it; else what is found.</summary>
    /// <param name="others">Fields of the file, to find a hint among.</param>
    /// <param name="probe">Shows the file's first records to a probe.</param>
    public static async Task<ChosenKey> Of(OpenedFile file, Func<ValueTask<IReadOnlyList<string>>> others, Func<KeyProbe, ValueTask> probe, CancellationToken cancellation)
    {
        if (file.IsKeyPlanned)
            return new ChosenKey(FileKey.Planned);
        var candidates = RecordKeys.Candidates(file.Path);
        var known = await file.Keys.Of(file.RowStream, file.Path, candidates, cancellation);
        if (file.Settings.Key.Count > 0)
            return Stated(file, known);
        if (known is { Key: { IsByPlace: false } key } one)
            return new ChosenKey(key, one.Kept ? null : Kept(file, key));
        if (known is { Kept: true } numbered)
            return new ChosenKey(numbered.Key, Line: AsBefore(file, await Telling(candidates, others, probe)));
        var beside = known is null ? await file.Keys.Beside(file.RowStream, candidates, cancellation) : [];
        var probed = new KeyProbe([.. candidates.Concat(beside.SelectMany(fields => fields)).Concat((await others()).Take(KeyProbe.MaxOthers)).Distinct(StringComparer.Ordinal)]);
        await probe(probed);
        var fields = known is not null ? [] : beside.FirstOrDefault(fields => fields.All(probed.Stands)) ?? probed.First(candidates);
        var found = new FileKey(fields, false, known?.Key.Missing ?? MissingKey.Content, fields.Count == 0 ? probed.Hint() : null);
        return new ChosenKey(found, Kept(file, found), !found.IsByPlace ? null : known is null ? ByPlace(file, candidates, found.Hint) : AsBefore(file, found.Hint));
    }

    // A file that was numbered may have got an id since: what is said of it is what stands in it now, not what stood in it then.
    private static async ValueTask<string?> Telling(IReadOnlyList<string> candidates, Func<ValueTask<IReadOnlyList<string>>> others, Func<KeyProbe, ValueTask> probe)
    {
        var probed = new KeyProbe([.. candidates.Concat((await others()).Take(KeyProbe.MaxOthers)).Distinct(StringComparer.Ordinal)]);
        await probe(probed);
        return probed.Hint();
    }

    private static ChosenKey Stated(OpenedFile file, (FileKey Key, bool Kept)? known)
    {
        var stated = new FileKey(file.Settings.Key, true, known?.Key.Missing ?? MissingKey.Content);
        var isNew = known is not { Kept: true } || !known.Value.Key.IsSameAs(stated);
        var line = known is { Key: var before } && !before.Fields.SequenceEqual(stated.Fields, StringComparer.Ordinal)
            ? Said(file, ConnectorLineLevel.Warning, $"{file.Path}: its records were called by {Named(before)} and are now called by {Named(stated)}, which the pipeline states. They appear anew, and under their old keys as deleted. Erased ones stay away as long as they say the same.")
            : null;
        return new ChosenKey(stated, isNew ? Kept(file, stated) : null, line);
    }

    private static ConnectorLine ByPlace(OpenedFile file, IReadOnlyList<string> candidates, string? hint)
    {
        var looked = $"{file.Path}: keyed by position, because no field {string.Join(", ", candidates)} was different in every row";
        return hint is null
            ? Said(file, ConnectorLineLevel.Information, $"{looked}. A row that moves is another record: state a key for the stream where some fields together tell rows apart.")
            : Said(file, ConnectorLineLevel.Warning, $"{looked}. {hint} was: state key: {hint} for the stream, and a row that moves stays the same record.");
    }

    private static ConnectorLine AsBefore(OpenedFile file, string? hint) => hint is null
        ? Said(file, ConnectorLineLevel.Information, $"{file.Path}: keyed by position, as its records were before. A row that moves is another record: state a key for the stream where some fields together tell rows apart.")
        : Said(file, ConnectorLineLevel.Warning, $"{file.Path}: keyed by position, as its records were before. {hint} is different in every row: state key: {hint} for the stream, and a row that moves stays the same record.");

    private static string Named(FileKey key) => key.IsByPlace ? "their place" : string.Join(", ", key.Fields);

    private static FileKeyWrite Kept(OpenedFile file, FileKey key) => new(file.RowStream, file.Path, key);

    private static ConnectorLine Said(OpenedFile file, ConnectorLineLevel level, string text) => new(file.OpenedAt, level, text);
}
