using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sophia.Bench;

/// <summary>A file of CRM-like records of about 500 bytes, one JSON object a line; made once and kept.</summary>
internal sealed class CrmFile(string path, int rows)
{
    private static readonly string[] Words = ["renewal", "pricing", "onboarding", "churn", "champion", "procurement", "security", "review", "pilot", "expansion", "legal", "quarter", "discount", "competitor", "integration", "roadmap"];

    public int Rows => rows;

    /// <param name="sorted">Keys rise with the lines; else they are spread over the whole range.</param>
    public static CrmFile Make(string folder, int rows, bool sorted)
    {
        var path = Path.Combine(folder, $"crm-{rows}-{(sorted ? "sorted" : "random")}.jsonl");
        if (!File.Exists(path))
        {
            using (var file = new StreamWriter(path + ".new", false, new UTF8Encoding(false), 1 << 20))
                for (var i = 0; i < rows; i++)
                    file.Write(Line(i, sorted));
            File.Move(path + ".new", path);
        }
        return new CrmFile(path, rows);
    }

    /// <summary>Batches of whole lines from a range of lines (as shares of the file, 0 to 1). Each must be disposed.</summary>
    public IEnumerable<LineBatch> Batches(double from, double until, int batchRows)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
        var (first, last) = (LineStart(file, (long)(file.Length * from)), LineStart(file, (long)(file.Length * until)));
        file.Position = first;
        while (file.Position < last)
        {
            var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(batchRows * 640L, last - file.Position));
            var start = file.Position;
            var filled = file.ReadAtLeast(buffer.AsSpan(0, (int)Math.Min(buffer.Length, last - start)), (int)Math.Min(buffer.Length, last - start));
            var batch = new LineBatch(buffer, filled, batchRows);
            file.Position = start + batch.Bytes;
            yield return batch;
        }
    }

    private static long LineStart(FileStream file, long near)
    {
        if (near == 0 || near >= file.Length)
            return Math.Min(near, file.Length);
        file.Position = near - 1;
        int next;
        while ((next = file.ReadByte()) is not ('\n' or -1))
        {
        }
        return file.Position;
    }

    private static string Line(int i, bool sorted)
    {
        var mixed = Mix((ulong)i);
        var id = sorted ? $"contact-{i:D9}" : $"{mixed:x16}";
        var notes = new StringBuilder(320);
        for (var word = mixed; notes.Length < 300; word = Mix(word))
            notes.Append(Words[word & 15]).Append(' ').Append((word >> 8) % 1000).Append(' ');
        var at = DateTime.UnixEpoch.AddSeconds(1_700_000_000 + (i % 10_000_000)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture,
            $"{{\"id\":\"{id}\",\"tenant\":\"acme\",\"email\":\"user{i}@example{mixed % 997}.com\",\"company\":\"Company {mixed % 9973} Ltd\",\"amount\":{mixed % 10_000_000 / 100.0:F2},\"updated_at\":\"{at}\",\"notes\":\"{notes}\"}}\n");
    }

    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}

/// <summary>Some lines in one pooled buffer.</summary>
internal sealed class LineBatch : IDisposable
{
    private readonly byte[] buffer;
    private readonly List<Range> lines = [];

    public LineBatch(byte[] buffer, int filled, int most)
    {
        this.buffer = buffer;
        while (lines.Count < most && buffer.AsSpan(Bytes, filled - Bytes).IndexOf((byte)'\n') is var length and >= 0)
        {
            lines.Add(Bytes..(Bytes + length));
            Bytes += length + 1;
        }
    }

    public int Bytes { get; private set; }

    public int Count => lines.Count;

    public ReadOnlyMemory<byte> this[int index] => buffer.AsMemory(lines[index]);

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
}
