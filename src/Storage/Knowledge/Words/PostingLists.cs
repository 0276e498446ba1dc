using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sophia.Knowledge;

// A word's list is a chain of slices in large arrays, each twice as long as the one before it up to 4 KiB, so that a word of one chunk takes 8 bytes and a common one lies nearly
// together, and nothing that is written is ever moved. The last 4 bytes of a slice say where the next one begins. An entry of a list is the distance from the row before it, doubled,
// plus 1 where the word stands there once, as a variable-length number; where it stands there more often, how often follows.

/// <summary>For each word, by its number (<see cref="ChunkWords.NumberOf"/>), the rows that it stands in and how often. One writer or several readers at a time.</summary>
internal sealed class PostingLists
{
    private const int SlabBits = 20, SlabBytes = 1 << SlabBits, PointerBytes = sizeof(uint), FirstSlice = 8, LastSlice = 4_096, FirstKeys = 1_024;

    private readonly List<byte[]> slabs = [];
    private ulong[] keys = new ulong[FirstKeys]; // A number plus 1; 0: nobody's place.
    private Posted[] lists = new Posted[FirstKeys];
    private int words, used = SlabBytes;

    public long Bytes => (long)slabs.Count * SlabBytes + keys.Length * (sizeof(ulong) + (long)Unsafe.SizeOf<Posted>());

    /// <summary>Says that a word stands in a row so often. Rows come in ascending order.</summary>
    public void Add(ulong number, int row, int times)
    {
        ref var list = ref Place(number + 1);
        if (list.Rows == 0)
        {
            (list.At, list.End) = Slice(FirstSlice);
            (list.Head, list.SliceBytes) = (list.At, FirstSlice);
        }
        Write(ref list, (uint)(row - list.LastRow) << 1 | (times == 1 ? 1u : 0));
        if (times != 1)
            Write(ref list, (uint)times);
        (list.LastRow, list.Rows) = (row, list.Rows + 1);
    }

    /// <summary>In how many rows a word stands.</summary>
    public int RowsOf(ulong number) => Find(number + 1) is var at and >= 0 ? lists[at].Rows : 0;

    /// <summary>A word's rows from the first on.</summary>
    public Reader Read(ulong number) => Find(number + 1) is var at and >= 0 ? new Reader(slabs, lists[at].Head, lists[at].Rows) : new Reader(slabs, 0, 0);

    private void Write(ref Posted list, uint value)
    {
        for (; value >= 0x80; value >>= 7)
            Write(ref list, (byte)(value | 0x80));
        Write(ref list, (byte)value);
    }

    private void Write(ref Posted list, byte value)
    {
        if (list.At == list.End)
        {
            var size = Math.Min(2 * list.SliceBytes, LastSlice);
            var (begin, end) = Slice(size);
            MemoryMarshal.Write(slabs[(int)(list.End >> SlabBits)].AsSpan((int)(list.End & (SlabBytes - 1))), begin);
            (list.At, list.End, list.SliceBytes) = (begin, end, size);
        }
        slabs[(int)(list.At >> SlabBits)][list.At & (SlabBytes - 1)] = value;
        list.At++;
    }

    private (uint Begin, uint End) Slice(int size)
    {
        if (used + size > SlabBytes)
        {
            if (slabs.Count == 1 << (32 - SlabBits))
                throw new InvalidOperationException("The lists of words are full.");
            slabs.Add(GC.AllocateUninitializedArray<byte>(SlabBytes));
            used = 0;
        }
        var begin = (uint)((slabs.Count - 1) << SlabBits) + (uint)used;
        used += size;
        return (begin, begin + (uint)(size - PointerBytes));
    }

    private ref Posted Place(ulong key)
    {
        if (4L * words >= 3L * keys.Length)
            Widen();
        var at = Start(key, keys.Length);
        for (; keys[at] != key; at = (at + 1) & (keys.Length - 1))
            if (keys[at] == 0)
            {
                keys[at] = key;
                words++;
                break;
            }
        return ref lists[at];
    }

    private int Find(ulong key)
    {
        for (var at = Start(key, keys.Length); keys[at] != 0; at = (at + 1) & (keys.Length - 1))
            if (keys[at] == key)
                return at;
        return -1;
    }

    private void Widen()
    {
        var (wider, moved) = (new ulong[2 * keys.Length], new Posted[2 * keys.Length]);
        for (var from = 0; from < keys.Length; from++)
            if (keys[from] != 0)
            {
                var at = Start(keys[from], wider.Length);
                while (wider[at] != 0)
                    at = (at + 1) & (wider.Length - 1);
                (wider[at], moved[at]) = (keys[from], lists[from]);
            }
        (keys, lists) = (wider, moved);
    }

    // Numbers are hashes already.
    private static int Start(ulong key, int length) => (int)(key & (ulong)(length - 1));

    private struct Posted
    {
        public uint Head, At, End;
        public int SliceBytes, LastRow, Rows;
    }

    /// <summary>Goes through a word's rows.</summary>
    internal struct Reader
    {
        private readonly List<byte[]> slabs;
        private byte[] slab = [];
        private int at, end, size = FirstSlice, left;

        public Reader(List<byte[]> slabs, uint head, int rows)
        {
            (this.slabs, left) = (slabs, rows);
            if (rows > 0)
                Enter(head);
        }

        /// <summary>The row it has come to, and how often the word stands in it.</summary>
        public int Row { get; private set; }

        public int Times { get; private set; }

        public bool Next()
        {
            if (left == 0)
                return false;
            left--;
            var entry = Number();
            Row += (int)(entry >> 1);
            Times = (entry & 1) != 0 ? 1 : (int)Number();
            return true;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private uint Number()
        {
            uint first = Byte();
            return first < 0x80 ? first : Longer(first & 0x7F);
        }

        private uint Longer(uint value)
        {
            for (var shift = 7; ; shift += 7)
            {
                uint next = Byte();
                value |= (next & 0x7F) << shift;
                if (next < 0x80)
                    return value;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private byte Byte()
        {
            if (at == end)
                Follow();
            return slab[at++];
        }

        private void Follow()
        {
            size = Math.Min(2 * size, LastSlice);
            Enter(MemoryMarshal.Read<uint>(slab.AsSpan(end)));
        }

        private void Enter(uint address)
        {
            slab = slabs[(int)(address >> SlabBits)];
            at = (int)(address & (SlabBytes - 1));
            end = at + size - PointerBytes;
        }
    }
}
