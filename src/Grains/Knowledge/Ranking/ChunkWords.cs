using System.Buffers.Binary;

namespace Sophia.Knowledge;

// What a search must know of a chunk's words, small enough to be read for some hundred candidates of a question. The bytes:
//
//   words of the title (with headings), words of the body, distinct stems n, speakers m            as variable-length numbers
//   m times the words of each speaker, in the order of the chunk's speakers
//   n times the stem's number, ascending, 6 bytes each, highest first
//   n times how often it stands in the body, doubled, plus 1 where it stands in the title; then how often there
//
// A stem's number is a hash of 48 bits. Among a million stems the chance that some word of a question of forty meets a stranger's number is one in
// seven million, and what it would cost is one wrong place in a ranking.

/// <summary>Writes and reads the words of a chunk as the index keeps them. What is written here is on disks: a change of it is a change of <see cref="RecordChunker.Version"/>.</summary>
internal readonly ref struct ChunkWords
{
    private const int NumberBytes = 6;

    private readonly ReadOnlySpan<byte> numbers;
    private readonly ReadOnlySpan<byte> counts;

    public ChunkWords(ReadOnlySpan<byte> bytes, Span<int> spoken)
    {
        TitleWords = Read(ref bytes);
        BodyWords = Read(ref bytes);
        var stems = Read(ref bytes);
        for (var (speaker, speakers) = (0, Read(ref bytes)); speaker < speakers; speaker++)
        {
            var words = Read(ref bytes);
            if (speaker < spoken.Length)
                spoken[speaker] = words;
        }
        numbers = bytes[..(stems * NumberBytes)];
        counts = bytes[numbers.Length..];
    }

    public int TitleWords { get; }

    public int BodyWords { get; }

    /// <summary>The words of a chunk, ready to be kept.</summary>
    public static byte[] Write(WordCount words)
    {
        var stems = words.Stems.Select(s => (Number: NumberOf(s.Key), s.Value.Title, s.Value.Body)).OrderBy(s => s.Number).ToList();
        var bytes = new List<byte>(16 + stems.Count * (NumberBytes + 2));
        Add(bytes, words.TitleWords);
        Add(bytes, words.BodyWords);
        Add(bytes, stems.Count);
        Add(bytes, words.Spoken.Length);
        foreach (var spoken in words.Spoken)
            Add(bytes, spoken);
        foreach (var (number, _, _) in stems)
            for (var shift = (NumberBytes - 1) * 8; shift >= 0; shift -= 8)
                bytes.Add((byte)(number >> shift));
        foreach (var (_, title, body) in stems)
        {
            Add(bytes, body * 2 + (title > 0 ? 1 : 0));
            if (title > 0)
                Add(bytes, title);
        }
        return [.. bytes];
    }

    /// <summary>Adds how often each stem stands in title and body together, by its number; returns how many words a chunk has.</summary>
    public static int Count(ReadOnlySpan<byte> bytes, List<(ulong Number, int Times)> stems)
    {
        if (bytes.IsEmpty)
            return 0;
        var words = new ChunkWords(bytes, []);
        var rest = words.counts;
        for (var at = 0; at < words.numbers.Length; at += NumberBytes)
        {
            var body = Read(ref rest);
            stems.Add((NumberAt(words.numbers, at), (body >> 1) + ((body & 1) == 0 ? 0 : Read(ref rest))));
        }
        return words.TitleWords + words.BodyWords;
    }

    /// <summary>A stem's number: FNV-1a over its UTF-16 units, mixed, the upper 48 bits.</summary>
    public static ulong NumberOf(string stem)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in stem)
            hash = (hash ^ c) * 1099511628211UL;
        hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93UL;
        return (hash ^ (hash >> 32)) >> 16;
    }

    /// <summary>Tells how often the sought stems stand in it. Whether any does.</summary>
    public bool Find(SoughtStems sought, Span<(int Title, int Body)> found)
    {
        var rest = counts;
        var any = false;
        var next = 0;
        for (var at = 0; at < numbers.Length && next < sought.Numbers.Length; at += NumberBytes)
        {
            var number = NumberAt(numbers, at);
            var body = Read(ref rest);
            var title = (body & 1) == 0 ? 0 : Read(ref rest);
            while (next < sought.Numbers.Length && sought.Numbers[next] < number)
                next++;
            for (; next < sought.Numbers.Length && sought.Numbers[next] == number; next++, any = true)
                found[sought.Places[next]] = (title, body >> 1);
        }
        return any;
    }

    private static ulong NumberAt(ReadOnlySpan<byte> numbers, int at) =>
        ((ulong)BinaryPrimitives.ReadUInt16BigEndian(numbers[at..]) << 32) | BinaryPrimitives.ReadUInt32BigEndian(numbers[(at + 2)..]);

    private static void Add(List<byte> bytes, int value)
    {
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7)
            bytes.Add((byte)(rest | 0x80));
        bytes.Add((byte)rest);
    }

    private static int Read(ref ReadOnlySpan<byte> bytes)
    {
        var (value, shift, at) = (0, 0, 0);
        for (; bytes[at] >= 0x80; shift += 7)
            value |= (bytes[at++] & 0x7F) << shift;
        value |= bytes[at++] << shift;
        bytes = bytes[at..];
        return value;
    }
}

/// <summary>Stems to look for in many chunks, ordered for it, each with its place in the answer.</summary>
internal sealed class SoughtStems
{
    public SoughtStems(IReadOnlyList<string> stems, int firstPlace)
    {
        Numbers = [.. stems.Select(ChunkWords.NumberOf)];
        Places = [.. Enumerable.Range(firstPlace, stems.Count)];
        Array.Sort(Numbers, Places);
    }

    public ulong[] Numbers { get; }

    public int[] Places { get; }
}
