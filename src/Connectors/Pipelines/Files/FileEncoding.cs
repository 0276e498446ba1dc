using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Sophia.Pipelines;

/// <summary>What a source's bytes stand for.</summary>
internal enum FileEncoding
{
    /// <summary>UTF-8, or UTF-16 where a byte order mark says so.</summary>
    Detected = 1,
    Utf16LittleEndian = 2,
    Utf16BigEndian = 3,

    /// <summary>As detected, and a piece that is not valid UTF-8 is read as Windows-1252.</summary>
    Windows1252 = 4,
}

internal static class FileEncodings
{
    public const string Names = "utf-8, utf-16le, utf-16be or windows-1252";

    // 0x80 to 0x9F as the web reads them; the five unassigned bytes stay control characters.
    private const string HighControls =
        "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F" +
        "\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

    public static FileEncoding? Parse(string? name) => name?.ToLowerInvariant().Replace("_", "-") switch
    {
        null or "" or "utf-8" or "utf8" => FileEncoding.Detected,
        "utf-16le" or "utf-16-le" or "utf-16" => FileEncoding.Utf16LittleEndian,
        "utf-16be" or "utf-16-be" => FileEncoding.Utf16BigEndian,
        "windows-1252" or "cp1252" or "latin1" or "iso-8859-1" => FileEncoding.Windows1252,
        _ => null,
    };

    /// <summary>The encoding that a file's first bytes show, and how many bytes its mark takes.</summary>
    public static (FileEncoding Encoding, int Mark) Of(ReadOnlySpan<byte> head, FileEncoding wanted) => head switch
    {
        [0xEF, 0xBB, 0xBF, ..] => (wanted == FileEncoding.Windows1252 ? wanted : FileEncoding.Detected, 3),
        [0xFF, 0xFE, ..] => (FileEncoding.Utf16LittleEndian, 2),
        [0xFE, 0xFF, ..] => (FileEncoding.Utf16BigEndian, 2),
        _ => (wanted, 0),
    };

    public static byte[] FromWindows1252(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var b in bytes)
            text.Append(b is >= 0x80 and <= 0x9F ? HighControls[b - 0x80] : (char)b);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Where the first byte lies that is not valid UTF-8, or -1.</summary>
    public static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            return -1;
        var at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out var used) == OperationStatus.Done)
            at += used;
        return at;
    }
}
