using System.Globalization;
using System.Text;

namespace Sophia.Bench;

/// <summary>A folder of CRM-like contacts of about 500 bytes, one JSON object a line, some files to be read at once. One in <see cref="WrongOneIn"/> breaks a rule.</summary>
internal sealed class CrmFolder : IDisposable
{
    public const int WrongOneIn = 1_000;

    private static readonly string[] Words = ["renewal", "pricing", "onboarding", "churn", "champion", "procurement", "security", "review", "pilot", "expansion", "legal", "quarter", "discount", "competitor", "integration", "roadmap"];
    private static readonly string[] Stages = ["Prospecting", "Engaging", "Won", "Lost"];
    private static readonly string[] Countries = ["DE", "FR", "US", "JP", "BR"];

    private readonly int passes;

    /// <param name="sorted">Keys rise with the lines; else they are spread over the whole range.</param>
    /// <param name="halfDuplicates">Each file says all of its lines, then all of them once more.</param>
    public CrmFolder(string scratch, int rows, int files, bool sorted, bool halfDuplicates)
    {
        passes = halfDuplicates ? 2 : 1;
        (Files, Rows) = (files, rows / passes / files * files * passes);
        Path = Directory.CreateDirectory(System.IO.Path.Combine(scratch, "contacts")).FullName;
        var each = Rows / passes / files;
        for (var file = 0; file < files; file++)
        {
            using var text = new StreamWriter(NameOf(file), false, new UTF8Encoding(false), 1 << 20);
            for (var pass = 0; pass < passes; pass++)
                for (var i = file * each; i < (file + 1) * each; i++)
                    text.Write(Line(i, sorted));
        }
    }

    public string Path { get; }

    public int Files { get; }

    public int Rows { get; }

    /// <summary>How many different keys a table of all lines holds.</summary>
    public int Distinct => Rows / passes;

    /// <summary>How many lines the gate must hold back.</summary>
    public int Wrong => passes * ((Distinct + WrongOneIn - 1) / WrongOneIn);

    /// <summary>All lines in batches, file by file; of duplicates, first everything once. Each batch must be disposed.</summary>
    /// <param name="only">One file's alone.</param>
    public IEnumerable<LineBatch> Batches(int batchRows, int? only = null)
    {
        for (var pass = 0; pass < passes; pass++)
            for (var file = only ?? 0; file < (only + 1 ?? Files); file++)
            {
                using var bytes = new FileStream(NameOf(file), FileMode.Open, FileAccess.Read, FileShare.Read, 1);
                var until = pass + 1 == passes ? bytes.Length : bytes.Length / passes * (pass + 1);
                bytes.Position = bytes.Length / passes * pass;
                while (bytes.Position < until)
                {
                    var batch = LineBatch.Read(bytes, until, batchRows);
                    yield return batch;
                }
            }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private string NameOf(int file) => System.IO.Path.Combine(Path, $"contacts-{file}.jsonl");

    private static string Line(int i, bool sorted)
    {
        var mixed = Mix((ulong)i);
        var id = sorted ? $"contact-{i:D9}" : $"{mixed:x16}";
        var notes = new StringBuilder(240);
        for (var word = mixed; notes.Length < 200; word = Mix(word))
            notes.Append(Words[word & 15]).Append(' ').Append((word >> 8) % 1000).Append(' ');
        var at = DateTime.UnixEpoch.AddSeconds(1_700_000_000 + (i % 10_000_000)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var stage = i % WrongOneIn == 0 ? "Unheard of" : Stages[mixed >> 3 & 3];
        return string.Create(CultureInfo.InvariantCulture,
            $"{{\"id\":\"{id}\",\"tenant\":\"acme\",\"email\":\"user{i}@example{mixed % 997}.com\",\"phone\":\"+49 30 {mixed % 9_000_000 + 1_000_000}\",\"country\":\"{Countries[mixed % 5]}\",\"company\":\"Company {mixed % 9973} Ltd\",\"employees\":{mixed % 90_000 + 1},\"owner\":\"{Words[mixed >> 20 & 15]}.{Words[mixed >> 24 & 15]}\",\"stage\":\"{stage}\",\"amount\":{mixed % 10_000_000 / 100.0:F2},\"updated_at\":\"{at}\",\"notes\":\"{notes}\"}}\n");
    }

    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
