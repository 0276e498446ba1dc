using System.Text;

namespace Sophia.Knowledge;

/// <summary>Martin Porter's stemmer as FTS5's <c>porter</c> tokenizer applies it, so that a stem made here is a term of the index.</summary>
/// <remarks>It works on UTF-8 bytes like its model: words under 3 or over 64 bytes stay as they are, bytes beyond ASCII count as consonants.</remarks>
internal static class PorterStemmer
{
    private const int MaxBytes = 64;

    private static readonly (string Suffix, string Stem)[] Step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("logi", "log"), ("bli", "ble"), ("alli", "al"),
        ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"),
        ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
    ];

    private static readonly (string Suffix, string Stem)[] Step3 =
    [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
    ];

    private static readonly string[] Step4 =
    [
        "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize",
    ];

    /// <summary>The stem of a folded word.</summary>
    public static string Stem(string word)
    {
        if (Encoding.UTF8.GetByteCount(word) is < 3 or > MaxBytes)
            return word;
        Span<byte> bytes = stackalloc byte[MaxBytes + 8];
        var length = Encoding.UTF8.GetBytes(word, bytes);
        length = Shorten(bytes, length);
        return Encoding.UTF8.GetString(bytes[..length]);
    }

    private static int Shorten(Span<byte> word, int length)
    {
        length = Plural(word, length);
        length = PastAndProgressive(word, length);
        if (word[length - 1] == 'y' && HasVowel(word[..(length - 1)]))
            word[length - 1] = (byte)'i';
        length = Replace(word, length, Step2);
        length = Replace(word, length, Step3);
        length = Strip(word, length);
        if (word[length - 1] == 'e' && (MoreThanOne(word[..(length - 1)]) || (ExactlyOne(word[..(length - 1)]) && !EndsShort(word[..(length - 1)]))))
            length--;
        if (length > 1 && word[length - 1] == 'l' && word[length - 2] == 'l' && MoreThanOne(word[..(length - 1)]))
            length--;
        return length;
    }

    private static int Plural(Span<byte> word, int n)
    {
        if (word[n - 1] != 's')
            return n;
        if (word[n - 2] == 'e')
            return (n > 4 && word[n - 4] == 's' && word[n - 3] == 's') || (n > 3 && word[n - 3] == 'i') ? n - 2 : n - 1;
        return word[n - 2] != 's' ? n - 1 : n;
    }

    private static int PastAndProgressive(Span<byte> word, int n)
    {
        if (n > 3 && Ends(word[..n], "eed"))
            return MoreThanNone(word[..(n - 3)]) ? n - 1 : n;
        if (n > 2 && Ends(word[..n], "ed"))
            return HasVowel(word[..(n - 2)]) ? Repair(word, n - 2) : n;
        if (n > 3 && Ends(word[..n], "ing"))
            return HasVowel(word[..(n - 3)]) ? Repair(word, n - 3) : n;
        return n;
    }

    private static int Repair(Span<byte> word, int n)
    {
        if (n > 2 && (Ends(word[..n], "at") || Ends(word[..n], "bl") || Ends(word[..n], "iz")))
        {
            word[n] = (byte)'e';
            return n + 1;
        }
        var last = word[n - 1];
        if (n > 1 && !IsVowel(last, false) && last is not ((byte)'l' or (byte)'s' or (byte)'z') && last == word[n - 2])
            return n - 1;
        if (!ExactlyOne(word[..n]) || !EndsShort(word[..n]))
            return n;
        word[n] = (byte)'e';
        return n + 1;
    }

    private static int Replace(Span<byte> word, int n, (string Suffix, string Stem)[] rules)
    {
        foreach (var (suffix, stem) in rules)
        {
            if (n <= suffix.Length || !Ends(word[..n], suffix))
                continue;
            if (!MoreThanNone(word[..(n - suffix.Length)]))
                return n;
            Encoding.ASCII.GetBytes(stem, word[(n - suffix.Length)..]);
            return n - suffix.Length + stem.Length;
        }
        return n;
    }

    private static int Strip(Span<byte> word, int n)
    {
        foreach (var suffix in Step4)
        {
            if (n <= suffix.Length || !Ends(word[..n], suffix))
                continue;
            var stem = word[..(n - suffix.Length)];
            var allowed = suffix != "ion" || stem[^1] is (byte)'s' or (byte)'t';
            return allowed && MoreThanOne(stem) ? n - suffix.Length : n;
        }
        return n;
    }

    private static bool Ends(ReadOnlySpan<byte> word, string suffix)
    {
        if (word.Length < suffix.Length)
            return false;
        var tail = word[^suffix.Length..];
        for (var i = 0; i < suffix.Length; i++)
            if (tail[i] != suffix[i])
                return false;
        return true;
    }

    private static bool IsVowel(byte c, bool yCounts) => c is (byte)'a' or (byte)'e' or (byte)'i' or (byte)'o' or (byte)'u' || (yCounts && c == 'y');

    private static bool HasVowel(ReadOnlySpan<byte> stem)
    {
        for (var i = 0; i < stem.Length; i++)
            if (IsVowel(stem[i], i > 0))
                return true;
        return false;
    }

    /// <summary>Skips consonants, vowels, and the consonant after them; returns how far it came, or 0 where there is no such group.</summary>
    private static int SkipGroup(ReadOnlySpan<byte> stem, bool afterConsonant)
    {
        var consonant = afterConsonant;
        var i = 0;
        for (; i < stem.Length; i++)
            if (!(consonant = !IsVowel(stem[i], consonant)))
                break;
        for (i++; i < stem.Length; i++)
            if (consonant = !IsVowel(stem[i], consonant))
                return i + 1;
        return 0;
    }

    private static bool MoreThanNone(ReadOnlySpan<byte> stem) => SkipGroup(stem, false) > 0;

    private static bool MoreThanOne(ReadOnlySpan<byte> stem) => SkipGroup(stem, false) is > 0 and var first && SkipGroup(stem[first..], true) > 0;

    private static bool ExactlyOne(ReadOnlySpan<byte> stem) => SkipGroup(stem, false) is > 0 and var first && SkipGroup(stem[first..], true) == 0;

    /// <summary>Whether it ends in consonant, vowel, consonant, and the last is not w, x or y.</summary>
    private static bool EndsShort(ReadOnlySpan<byte> stem)
    {
        if (stem[^1] is (byte)'w' or (byte)'x' or (byte)'y')
            return false;
        var mask = 0;
        var consonant = false;
        foreach (var c in stem)
            mask = (mask << 1) + ((consonant = !IsVowel(c, consonant)) ? 1 : 0);
        return (mask & 7) == 5;
    }
}
