using System.Buffers.Binary;
using System.Security.Cryptography;
using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia.Log;

/// <summary>By what it is told that two records say the same (docs/adr/0034).</summary>
internal static class ErasedContent
{
    /// <summary>Of a record as it came its hash; of one that was transformed also what it was made of, since transforms may leave nothing that tells two people apart. Null where that is not kept: such a record is known by its key alone.</summary>
    public static UInt128? Of(UInt128 hash, EntrySource? source)
    {
        if (source is null)
            return hash;
        if (source.Payload.IsEmpty)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        using var both = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        both.AppendData(bytes);
        both.AppendData(source.Payload.Span);
        return BinaryPrimitives.ReadUInt128BigEndian(both.GetHashAndReset());
    }

    /// <summary>Whether versions of one key were not of one thing: what stands at a place of a file changes with every line above it. Then only the newest is the record that is erased.</summary>
    public static bool IsOfMany(RecordKey record) => ShownKey.IsPlace(record.Key);

    public static UInt128? Of(in NewEntry entry) => entry.Operation == RecordOperation.Upsert ? Of(entry.Hash, entry.Source) : null;

    public static UInt128? Of(NewQuarantine item) => item.Payload is { } payload ? Of(EntryHash.Of(RecordOperation.Upsert, payload.Span), item.Source) : null;

    /// <summary>Of a stored row.</summary>
    /// <param name="sourced">Its stored bytes; null: they are the payload, and not needed.</param>
    public static UInt128? Of(UInt128 hash, byte[]? sourced) => Of(hash, sourced is null ? null : SourcedPayload.Read(SourcedPayload.Format, sourced, "A row to erase").Source);

    /// <summary>Of a stored quarantined item.</summary>
    public static UInt128? OfItem(long id, long format, byte[] bytes)
    {
        var (payload, source) = SourcedPayload.Read(format, bytes, $"The quarantined item {id}");
        return Of(EntryHash.Of(RecordOperation.Upsert, payload.Span), source);
    }
}
