using System.Security.Cryptography;
using Sophia.Log;

namespace Sophia.Pipelines;

/// <summary>Reads a file of rows in batches: what rows and lines have in common. Memory is bounded by the longest row allowed.</summary>
/// <param name="chosen">What its records are called by.</param>
/// <param name="keys">Names them; shared with whoever read the file up to <paramref name="state"/>.</param>
/// <param name="reportedFrom">The place from which bytes count as read by the first batch; before <paramref name="state"/> where a header was passed.</param>
internal abstract class RowReader(OpenedFile file, TextBlocks blocks, ReaderState state, ChosenKey chosen, RowKeys keys, long reportedFrom) : ISourceReader
{
    private readonly List<BadPiece> bad = [];
    private List<SourceRecord> records = [];
    private int batchBytes;
    private bool ended = state.Done;
    private long reported = reportedFrom;
    private bool told;

    /// <summary>How much of a file is read to find its key field, in bytes.</summary>
    protected const int MaxProbedBytes = 16 * 1024 * 1024;

    protected OpenedFile File => file;

    protected TextBlocks Blocks => blocks;

    /// <summary>The place of the next unread byte in the file.</summary>
    protected long At { get; private set; } = Math.Max(state.At, file.Mark);

    /// <summary>Lines before <see cref="At"/>.</summary>
    protected long Line { get; private set; } = state.Line;

    /// <summary>Records and bad pieces before <see cref="At"/>.</summary>
    protected long Row { get; private set; } = state.Row;

    public async ValueTask<SourceBatch?> Read(BatchBudget budget, CancellationToken cancellation)
    {
        records = new List<SourceRecord>(Math.Min(budget.MaxRecords, 8_192));
        batchBytes = 0;
        while (records.Count + bad.Count < budget.MaxRecords && batchBytes < budget.MaxBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            if (ended || !await NextOrEnd(cancellation))
                break;
        }
        var consumed = At - reported;
        reported = At;
        if (consumed == 0 && records.Count == 0 && bad.Count == 0)
            return null;
        BadPiece[] pieces = [.. bad];
        bad.Clear();
        var batch = new SourceBatch(records, pieces, new ReaderState(ReaderState.CurrentVersion, file.Fingerprint, At, Line, Row, ended).ToString(), consumed);
        if (told || records.Count == 0)
            return batch;
        told = true;
        return batch with { Keys = chosen.Write is { } write ? [write] : [], Lines = chosen.Line is { } line && state.Row == 0 ? [line] : [] };
    }

    public ValueTask DisposeAsync() => blocks.DisposeAsync();

    private async ValueTask<bool> NextOrEnd(CancellationToken cancellation)
    {
        try
        {
            return await Next(cancellation);
        }
        catch (InvalidDataException error)
        {
            bad.Add(Pieces.Bad(file.RowStream, file.Path, At, 0, Line + 1, null, Pieces.Show(blocks.Unread), PieceFault.Damaged(error.Message)));
            Row++;
            return !(ended = true);
        }
    }

    /// <summary>Reads the file's first records for nothing but the values that its keys could be made of.</summary>
    protected async ValueTask Probe(KeyProbe probe, Func<ReadOnlyMemory<string?>> values, CancellationToken cancellation)
    {
        while (Row < KeyProbe.Rows && At < MaxProbedBytes && !ended && await NextOrEnd(cancellation))
        {
            if (records.Count > 0)
                probe.Saw(values().Span);
            records.Clear();
            bad.Clear();
        }
    }

    /// <summary>Reads up to a place for nothing but the keys that stand before it.</summary>
    protected async ValueTask Pass(long until, CancellationToken cancellation)
    {
        while (At < until && !ended && await NextOrEnd(cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            records.Clear();
            bad.Clear();
        }
    }

    /// <summary>The first record's payload, or null where there is none.</summary>
    protected async ValueTask<ReadOnlyMemory<byte>?> First(CancellationToken cancellation)
    {
        while (records.Count == 0 && Row < KeyProbe.Rows && At < MaxProbedBytes && !ended && await NextOrEnd(cancellation))
            bad.Clear();
        return records.Count == 0 ? (ReadOnlyMemory<byte>?)null : records[0].Payload;
    }

    /// <summary>Reads one row, bad piece or blank; false at the end of the file.</summary>
    protected abstract ValueTask<bool> Next(CancellationToken cancellation);

    protected void Emit(ReadOnlySpan<string?> keyValues, ReadOnlyMemory<byte> payload, long width)
    {
        var key = keys.Of(keyValues, Row + 1, Line + 1, payload.Span, out var repeated);
        records.Add(new SourceRecord(file.RowStream, key, RecordOperation.Upsert, payload, At, (int)Math.Min(width, int.MaxValue), Line + 1) { Faults = repeated is null ? null : [repeated] });
        batchBytes += payload.Length;
    }

    protected void Reject(ReadOnlySpan<byte> piece, PieceFault fault)
    {
        bad.Add(Pieces.Bad(file.RowStream, file.Path, At, blocks.Source.Width(piece), Line + 1, piece, fault));
        batchBytes += Math.Min(piece.Length, Pieces.MaxPreviewBytes);
    }

    /// <summary>Goes on after a piece of what is unread. Records and bad pieces count as rows, blanks and headers do not.</summary>
    protected void Pass(int length, int lines, bool countsAsRow)
    {
        At += blocks.Source.Width(blocks.Unread[..length]);
        Line += lines;
        Row += countsAsRow ? 1 : 0;
        blocks.Advance(length);
    }

    /// <summary>Goes over a line that is too long to be held, however long it is, hashing what it passes.</summary>
    protected async ValueTask SkipOversizedLine(CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (startsAt, startsOnLine) = (At, Line + 1);
        var preview = new List<byte>();
        long length = 0;
        for (var found = false; !found;)
        {
            var unread = blocks.Unread;
            var newline = unread.IndexOf((byte)'\n');
            found = newline >= 0;
            var piece = found ? unread[..newline] : unread;
            hash.AppendData(piece);
            preview.AddRange(piece[..Math.Min(piece.Length, Pieces.MaxPreviewBytes - preview.Count)]);
            length += blocks.Source.Width(piece);
            Pass(found ? newline + 1 : unread.Length, found ? 1 : 0, countsAsRow: false);
            if (!found && !await blocks.More(cancellation))
                break;
            cancellation.ThrowIfCancellationRequested();
        }
        Row++;
        bad.Add(Pieces.Bad(file.RowStream, file.Path, startsAt, length, startsOnLine, Convert.ToHexStringLower(hash.GetHashAndReset()), Pieces.Show([.. preview]),
            PieceFault.Oversized(length, file.Settings.MaxLineBytes, "maxLineBytes")));
        batchBytes += Pieces.MaxPreviewBytes;
    }
}
