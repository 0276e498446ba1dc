namespace Sophia.Knowledge;

public sealed class WordRowsTests
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";

    /// <summary>Goal: the lists give back what was put in, over slices and slabs of all sizes. Method: random texts, counted beside them.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_word_is_found_in_exactly_the_rows_that_it_was_put_into(int seed)
    {
        var (random, lists, model) = (new Random(seed), new PostingLists(), new Dictionary<ulong, List<(int, int)>>());
        for (var row = 0; row < 30_000; row++)
            foreach (var word in Enumerable.Range(0, random.Next(1, 8)).Select(_ => (ulong)(random.NextDouble() < .3 ? random.Next(3) : random.Next(200_000))).Distinct())
            {
                var times = random.Next(5) == 0 ? random.Next(1, 40_000) : 1;
                lists.Add(word, row, times);
                if (!model.TryGetValue(word, out var rows))
                    model[word] = rows = [];
                rows.Add((row, times));
            }
        foreach (var (word, rows) in model)
        {
            Assert.Equal(rows.Count, lists.RowsOf(word));
            Assert.Equal(rows, Rows(lists.Read(word)));
        }
        Assert.Empty(Rows(lists.Read(1_000_000)));
    }

    /// <summary>Goal: the best are the best by BM25, all matches are counted, and what has left is neither. Method: random texts, scored one by one beside it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_best_are_those_of_a_plain_reckoning(int seed)
    {
        var random = new Random(seed);
        var (rows, texts) = (new WordRows(), new SortedDictionary<long, string[]>());
        for (var chunk = 1L; chunk <= 20_000; chunk += random.Next(1, 3))
        {
            texts[chunk] = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Word(random))];
            rows.Add(chunk, Kept(texts[chunk]), []);
        }
        foreach (var chunk in texts.Keys.Where(_ => random.Next(10) == 0).ToList())
        {
            rows.Bury(chunk);
            rows.Bury(chunk);
            texts.Remove(chunk);
        }
        for (var question = 0; question < 20; question++)
        {
            var words = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Word(random)).Distinct().ToArray();
            var found = rows.Best([.. words.Select(ChunkWords.NumberOf)], 25);
            var holding = texts.Where(text => text.Value.Intersect(words).Any()).ToList();
            Assert.Equal(holding.Count, found.Matched);
            Assert.Equal(words.Select(word => (long)texts.Values.Count(text => text.Contains(word))), found.Frequencies);
            var scores = holding.ToDictionary(text => text.Key, text => Score(text.Value, words, rows, texts));
            Assert.Equal(Math.Min(25, holding.Count), found.Chunks.Count);
            Assert.Equal(found.Chunks.Count, found.Chunks.Distinct().Count());
            var (given, best) = (found.Chunks.Select(chunk => scores[chunk]).ToArray(), scores.Values.OrderDescending().Take(25).ToArray());
            for (var place = 0; place < given.Length; place++)
                Assert.Equal(best[place], given[place], 1e-3);
        }
    }

    [Fact]
    public void Who_speaks_is_a_word_to_be_found_by()
    {
        var rows = new WordRows();
        rows.Add(7, Kept(["budget"]), [ChunkWords.NumberOf("ann")]);
        rows.Add(9, Kept(["budget"]), []);
        Assert.Equal([7L, 9L], rows.Best([ChunkWords.NumberOf("budget"), ChunkWords.NumberOf("ann")], 5).Chunks);
        Assert.Equal([7L], rows.Best([ChunkWords.NumberOf("ann")], 5).Chunks);
    }

    private static double Score(string[] text, string[] words, WordRows rows, SortedDictionary<long, string[]> texts)
    {
        var mean = texts.Values.Average(t => t.Length);
        return words.Sum(word =>
        {
            var (times, holding) = (text.Count(w => w == word), rows.RowsOf(ChunkWords.NumberOf(word)));
            return Math.Max(1e-6, Math.Log((Math.Max(0, texts.Count - holding) + .5) / (holding + .5))) * times * 2.2 / (times + 1.2 * (.25 + .75 * text.Length / mean));
        });
    }

    private static string Word(Random random) => random.Next(3) == 0 ? Letters[random.Next(26)..][..1] : $"{Letters[random.Next(26)]}{random.Next(500)}";

    private static byte[] Kept(string[] words) => ChunkWords.Write(new WordCount(0, words.Length, words.GroupBy(word => word).ToDictionary(group => group.Key, group => (0, group.Count())), []));

    private static List<(int, int)> Rows(PostingLists.Reader reader)
    {
        var rows = new List<(int, int)>();
        while (reader.Next())
            rows.Add((reader.Row, reader.Times));
        return rows;
    }
}
