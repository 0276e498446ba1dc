using System.Security.Cryptography;
using System.Text;
using Sophia.Operations;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Makes what is said about a piece of a file that is no record.</summary>
internal static class Pieces
{
    /// <summary>How much of a bad piece people see, in bytes.</summary>
    public const int MaxPreviewBytes = 2_000;

    /// <summary>How much of it stands as the value in its reason, in characters.</summary>
    public const int MaxValueLength = 200;

    public static BadPiece Bad(string stream, string path, long offset, long length, long line, ReadOnlySpan<byte> piece, PieceFault fault)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(piece));
        return Bad(stream, path, offset, length, line, hash, Show(piece), fault);
    }

    public static BadPiece Bad(string stream, string path, long offset, long length, long line, string? hash, string preview, PieceFault fault) =>
        new(stream, new CellReason(fault.Field, fault.Rule, fault.Value ?? Clip(preview), fault.Expected, fault.Hint), new Origin(path, offset, length, line, hash), preview);

    public static string Show(ReadOnlySpan<byte> piece) => Encoding.UTF8.GetString(piece[..Math.Min(piece.Length, MaxPreviewBytes)]).Replace('\0', '\uFFFD');

    public static string Clip(string text) => TextEnd.Clip(text, MaxValueLength);
}

/// <summary>What is wrong with a piece, in the words that people read. Field is "*" where all of it is meant.</summary>
internal sealed record PieceFault(string Rule, string Expected, string Hint, string Field = "*", string? Value = null)
{
    public static PieceFault Encoding(long at) => new("encoding", "valid UTF-8 text",
        $"The byte at offset {at} of the file is not UTF-8. Save the file as UTF-8, or say encoding: windows-1252 in the source.");

    public static PieceFault Damaged(string what) => new("gzip", "a whole compressed file", $"What follows cannot be expanded: {what}");

    public static PieceFault Oversized(long length, int limit, string setting) => new("size", $"at most {limit} bytes",
        $"It has {length} bytes. Raise {setting} in the source if such a size is meant.");
}
