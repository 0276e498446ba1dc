using System.Buffers.Binary;
using System.Text;

namespace Sophia.Log;

/// <summary>Format 2 of log rows and quarantined items: a payload and, behind it, what it was transformed from.</summary>
/// <remarks>12 bytes in front: length of the payload, version of the definition, number among split records, each an unsigned 32-bit integer, big-endian. Then payload, then source.</remarks>
internal static class SourcedPayload
{
    public const int Format = 2;

    private const int Head = 12;

    public static int FormatOf(EntrySource? source) => source is null ? LogSchema.RowFormat : Format;

    /// <summary>The same for people: texts in place of bytes. Null where nothing is stored.</summary>
    public static (string? Payload, Quality.QuarantineSource? Source) Texts(long format, byte[]? bytes, string what)
    {
        if (bytes is null)
            return (null, null);
        var (payload, source) = Read(format, bytes, what);
        return (Encoding.UTF8.GetString(payload.Span), source is null ? null
            : new Quality.QuarantineSource(source.DefinitionVersion, source.Payload.IsEmpty ? null : Encoding.UTF8.GetString(source.Payload.Span), source.Item));
    }

    /// <summary>The bytes to store: the payload itself where there is no source.</summary>
    public static ReadOnlyMemory<byte> Write(ReadOnlyMemory<byte> payload, EntrySource? source)
    {
        if (source is null)
            return payload;
        var bytes = new byte[Head + payload.Length + source.Payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)payload.Length);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), (uint)source.DefinitionVersion);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), (uint)source.Item);
        payload.Span.CopyTo(bytes.AsSpan(Head));
        source.Payload.Span.CopyTo(bytes.AsSpan(Head + payload.Length));
        return bytes;
    }

    /// <exception cref="StorageException">The format is a newer one, or the bytes are not of this one.</exception>
    public static (ReadOnlyMemory<byte> Payload, EntrySource? Source) Read(long format, ReadOnlyMemory<byte> bytes, string what)
    {
        if (format == LogSchema.RowFormat)
            return (bytes, null);
        if (format != Format)
            throw new StorageException(StorageFault.NewerFormat, $"{what} has format {format}; this Sophia knows formats up to {Format}.");
        if (bytes.Length < Head || BinaryPrimitives.ReadUInt32BigEndian(bytes.Span) is var length && length > bytes.Length - Head)
            throw new StorageException(StorageFault.Corrupt, $"{what} says that it has a source, and is too short for it.");
        var split = Head + (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.Span);
        return (bytes[Head..split], new EntrySource((int)BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[4..]), (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[8..]), bytes[split..]));
    }
}
