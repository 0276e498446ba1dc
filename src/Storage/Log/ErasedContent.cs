using System.Buffers.Binary;
using System.Security.Cryptography;
using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia.Log;

/// <summary>By what it is told that two records say the same (docs/adr/0034).</summary>
internal static class ErasedContent
{
    /// <summary>Byte by byte: of a record as it came its hash; of one that was transformed also what it was made of, since transforms may leave nothing that tells two people apart. And however it is spelled (<see cref="Meaning"/>), of both as well.
    /// Empty where what it was made of is not kept: such a record is known by its key alone.</summary>
    public static IReadOnlyList<UInt128> Of(UInt128 hash, ReadOnlyMemory<byte> payload, EntrySource? source)
    {
        var means = Meaning.Of(payload);
        if (source is null)
            return means is { } alone ? [hash, alone] : [hash];
        if (source.Payload.IsEmpty)
            return [];
        var said = Both(hash, source.Payload.Span);
        if (means is not { } meant || Meaning.Of(source.Payload) is not { } made)
            return [said];
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, made);
        return [said, Both(meant, bytes)];
    }

    /// <summary>Whether versions of one key were not of one thing: what stands at a place of a file changes with every line above it. Then only the newest is the record that is erased.</summary>
    public static bool IsOfMany(RecordKey record) => ShownKey.IsPlace(record.Key);

    public static IReadOnlyList<UInt128> Of(in NewEntry entry) => entry.Operation == RecordOperation.Upsert ? Of(entry.Hash, entry.Payload, entry.Source) : [];

    public static IReadOnlyList<UInt128> Of(NewQuarantine item) => item.Payload is { } payload ? Of(EntryHash.Of(RecordOperation.Upsert, payload.Span), payload, item.Source) : [];

    /// <summary>Of a stored row.</summary>
    public static IReadOnlyList<UInt128> OfRow(UInt128 hash, long format, byte[] bytes)
    {
        var (payload, source) = SourcedPayload.Read(format, bytes, "A row to erase");
        return Of(hash, payload, source);
    }

    /// <summary>Of a stored quarantined item.</summary>
    public static IReadOnlyList<UInt128> OfItem(long id, long format, byte[] bytes)
    {
        var (payload, source) = SourcedPayload.Read(format, bytes, $"The quarantined item {id}");
        return Of(EntryHash.Of(RecordOperation.Upsert, payload.Span), payload, source);
    }

    private static UInt128 Both(UInt128 first, ReadOnlySpan<byte> second)
    {
        Span<byte> bytes = stackalloc byte[32];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, first);
        using var both = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        both.AppendData(bytes[..16]);
        both.AppendData(second);
        both.GetHashAndReset(bytes);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
