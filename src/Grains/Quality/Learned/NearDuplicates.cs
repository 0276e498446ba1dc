namespace Sophia.Quality;

/// <summary>Finds records whose text is nearly the same: shingles of three letters, MinHash, and bands that bring likely pairs together.</summary>
internal static class NearDuplicates
{
    public const double DefaultLikeness = 0.8;

    private const int Bands = 16;
    private const int PerBand = 4;
    private const int Shingle = 3;

    /// <summary>Records compared within one bucket; beyond that the bucket is a common phrase and says nothing.</summary>
    private const int MostInBucket = 50;

    /// <summary>By later key: the earlier key that it resembles, and how much (shared shingles over all).</summary>
    public static IEnumerable<(TableRow Row, string Other, double Likeness)> Find(StreamTable table, IReadOnlyList<string> fields, double likeness)
    {
        int[] columns = [.. fields.Select(table.NumberOf)];
        var rows = table.Rows();
        var buckets = new Dictionary<(int Band, ulong Hash), List<int>>();
        var texts = new HashSet<ulong>[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            texts[i] = Shingles(string.Join(' ', columns.Where(column => column >= 0).Select(column => table.Columns[column][rows[i][column]].Text)).ToLowerInvariant());
            if (texts[i].Count < 2)
                continue;
            var best = (Other: -1, Likeness: 0.0);
            foreach (var bucket in BandsOf(texts[i]))
            {
                if (!buckets.TryGetValue(bucket, out var members))
                    buckets[bucket] = members = [];
                if (members.Count >= MostInBucket)
                    continue;
                foreach (var other in members)
                    if (Jaccard(texts[i], texts[other]) is var alike && alike >= likeness && alike > best.Likeness)
                        best = (other, alike);
                members.Add(i);
            }
            if (best.Other >= 0)
                yield return (rows[i], rows[best.Other].Key, best.Likeness);
        }
    }

    private static HashSet<ulong> Shingles(string text)
    {
        var found = new HashSet<ulong>();
        for (var i = 0; i + Shingle <= text.Length; i++)
            found.Add(Mix(((ulong)text[i] << 32) | ((ulong)text[i + 1] << 16) | text[i + 2]));
        return found;
    }

    private static IEnumerable<(int, ulong)> BandsOf(HashSet<ulong> shingles)
    {
        for (var band = 0; band < Bands; band++)
        {
            var hash = 0UL;
            for (var i = 0; i < PerBand; i++)
            {
                var salt = (ulong)(band * PerBand + i + 1) * 0x9E3779B97F4A7C15UL;
                hash = Mix(hash ^ shingles.Min(shingle => Mix(shingle ^ salt)));
            }
            yield return (band, hash);
        }
    }

    private static double Jaccard(HashSet<ulong> a, HashSet<ulong> b)
    {
        var shared = a.Count(b.Contains);
        return (double)shared / (a.Count + b.Count - shared);
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
