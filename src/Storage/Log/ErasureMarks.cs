using System.Buffers.Binary;
using System.Text;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Marks of one tenant's records. Who has no key to make them under takes nothing into a stream of which records were erased: better late than back.</summary>
internal sealed class ErasureMarks(IRecordMarks? marks, TenantId tenant)
{
    /// <exception cref="StorageException">There is no key.</exception>
    public UInt128 Of(string stream, ReadOnlySpan<byte> key)
    {
        const string Missing = "Records of this stream were erased, and without the installation's key nobody can tell whether these are the same.";
        try
        {
            return marks?.Of(tenant, stream, key) ?? throw new StorageException(StorageFault.Unreachable, Missing) { Told = Missing };
        }
        catch (Operations.RefusedException refused)
        {
            throw new StorageException(StorageFault.Unreachable, $"{Missing} {refused.Message}", refused) { Told = Missing };
        }
    }

    public UInt128 Of(string stream, string key) => Of(stream, Encoding.UTF8.GetBytes(key));

    /// <summary>The mark of what a record said (<see cref="EntryHash"/>), which no key has: it begins with a byte that no text in UTF-8 has.</summary>
    public UInt128 OfContent(string stream, UInt128 hash)
    {
        Span<byte> bytes = stackalloc byte[17];
        bytes[0] = 0xFF;
        BinaryPrimitives.WriteUInt128BigEndian(bytes[1..], hash);
        return Of(stream, bytes);
    }
}
