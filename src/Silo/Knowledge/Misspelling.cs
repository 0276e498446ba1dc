namespace Sophia.Knowledge;

/// <summary>Spells a question as fast fingers do: its longest word gets two letters in its middle exchanged. The same every time.</summary>
internal static class Misspelling
{
    /// <summary>Shorter words are left as they are.</summary>
    private const int LeastLength = 5;

    public static string Of(string question)
    {
        var words = question.Split(' ');
        var longest = Enumerable.Range(0, words.Length).MaxBy(i => words[i].Length);
        if (words[longest].Length >= LeastLength)
            words[longest] = Exchanged(words[longest]);
        return string.Join(' ', words);
    }

    private static string Exchanged(string word)
    {
        var at = word.Length / 2;
        while (at > 1 && word[at] == word[at - 1])
            at--;
        return $"{word[..(at - 1)]}{word[at]}{word[at - 1]}{word[(at + 1)..]}";
    }
}
