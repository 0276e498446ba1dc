using System.Buffers.Binary;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Operations;

/// <summary>Whether all files of a data folder are of formats that this Sophia knows, read from their headers before anything is opened.</summary>
/// <remarks>One read of <see cref="HeaderBytes"/> bytes for each file. A format that stands in a write-ahead log alone is found when that file is opened; what cannot be read, or is no such file, is its opener's to judge.</remarks>
internal static class KnownFormats
{
    private const int HeaderBytes = 72;
    private const int FormatAt = 60;
    private const int ApplicationAt = 68;

    private static readonly DatabaseKind[] OfTenants = [LogSchema.Kind, IndexSchema.Kind];

    /// <exception cref="StorageException">NewerFormat: a newer Sophia wrote a file.</exception>
    public static void Check(string root, IEnumerable<string> tenantFolders)
    {
        Check(Path.Combine(root, PlatformSchema.Kind.FileName), PlatformSchema.Kind);
        foreach (var folder in tenantFolders)
            foreach (var kind in OfTenants)
                Check(Path.Combine(folder, kind.FileName), kind);
    }

    private static void Check(string path, DatabaseKind kind)
    {
        if (FormatOf(path, kind.ApplicationId) is { } format && format > kind.Version)
            throw Newer(path, format, kind);
    }

    public static StorageException Newer(string path, long format, DatabaseKind kind) =>
        new(StorageFault.NewerFormat, $"{path} has format {format}; this Sophia knows formats up to {kind.Version}. Use a newer Sophia.");

    private static int? FormatOf(string path, int application)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        try
        {
            if (!File.Exists(path))
                return null;
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (RandomAccess.Read(file, header, 0) < HeaderBytes)
                return null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        return header.StartsWith("SQLite format 3\0"u8) && BinaryPrimitives.ReadInt32BigEndian(header[ApplicationAt..]) == application ? BinaryPrimitives.ReadInt32BigEndian(header[FormatAt..]) : null;
    }
}
