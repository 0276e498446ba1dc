using System.Security.Cryptography;

namespace Sophia.Pipelines;

/// <summary>A file of which nothing can be read: one bad piece that is all of it, then the end.</summary>
internal sealed class RefusedFileReader(OpenedFile file, string stream, PieceFault fault, ReaderState state) : ISourceReader
{
    private bool done = state.Done;

    public async ValueTask<SourceBatch?> Read(BatchBudget budget, CancellationToken cancellation)
    {
        if (done)
            return null;
        done = true;
        await using var bytes = await file.OpenAt(0, cancellation);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        var preview = "";
        long length = 0;
        try
        {
            for (int read; (read = await bytes.ReadAsync(buffer, cancellation)) > 0; length += read)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                if (length == 0)
                    preview = Pieces.Show(buffer.AsSpan(0, read));
            }
        }
        catch (InvalidDataException)
        {
            // A damaged compressed file: what could be expanded of it is what is hashed and shown.
        }
        var piece = Pieces.Bad(stream, file.Path, 0, length, 1, Convert.ToHexStringLower(hash.GetHashAndReset()), preview, fault);
        return new SourceBatch([], [piece], new ReaderState(ReaderState.CurrentVersion, file.Fingerprint, length, 0, 1, Done: true).ToString(), length);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
