using System.Globalization;
using System.Text;

namespace Sophia.Bench;

/// <summary>Made passages of 40 to 80 words drawn from 50,000 by Zipf's law, and questions of 2 to 4 words without the 50 commonest: the same every time.</summary>
internal sealed class Passages
{
    private const int Vocabulary = 50_000, Commonest = 50;
    private readonly double[] shares = new double[Vocabulary];
    private readonly string[] words;

    public Passages()
    {
        var random = new Random(1);
        words = [.. Enumerable.Range(0, Vocabulary).Select(_ => string.Concat(Enumerable.Range(0, random.Next(3, 10)).Select(_ => (char)('a' + random.Next(26)))))];
        var sum = 0.0;
        for (var i = 0; i < Vocabulary; i++)
            shares[i] = sum += 1.0 / (i + 1);
        for (var i = 0; i < Vocabulary; i++)
            shares[i] /= sum;
    }

    public string Text(int number)
    {
        var random = new Random(number);
        var text = new StringBuilder();
        for (var left = random.Next(40, 81); left > 0; left--)
            text.Append(Draw(random)).Append(' ');
        return text.ToString(0, text.Length - 1);
    }

    /// <param name="misspelt">Whether the first word gets a letter that is not its own.</param>
    public string Question(int number, bool misspelt)
    {
        var random = new Random(-1 - number);
        var chosen = new List<string>();
        for (var wanted = random.Next(2, 5); chosen.Count < wanted;)
            if (Draw(random) is var word && Array.IndexOf(words, word, 0, Commonest) < 0)
                chosen.Add(misspelt && chosen.Count == 0 ? word[..(word.Length / 2)] + "q" + word[(word.Length / 2)..] : word);
        return string.Join(' ', chosen);
    }

    public static string Key(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Draw(Random random) => words[Math.Min(Vocabulary - 1, Array.BinarySearch(shares, random.NextDouble()) is < 0 and var at ? ~at : 0)];
}
