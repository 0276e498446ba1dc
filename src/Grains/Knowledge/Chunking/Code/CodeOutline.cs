namespace Sophia.Knowledge;

/// <summary>A stretch of a source file that stays together where it fits: a function with the comments above it, or what stands between functions.</summary>
/// <param name="Start">First UTF-16 unit; units tile the file, in order.</param>
/// <param name="Scope">Where it stands, such as <c>Sophia.Log.LogGrain</c>; empty for the file itself.</param>
/// <param name="Signature">What it is called there; null for what has no name of its own (imports, fields, a type's head).</param>
internal readonly record struct CodeUnit(int Start, int End, string Scope, string? Signature)
{
    public int Length => End - Start;

    /// <summary>The name with its scope.</summary>
    public string Name => Signature is null ? Scope : Scope.Length == 0 ? Signature : $"{Scope}.{Signature}";
}

/// <summary>A place where a unit may be cut if it must be: a statement begins there. The deeper, the worse.</summary>
internal readonly record struct CodeBorder(int At, int Depth)
{
    /// <summary>Levels that are told apart.</summary>
    public const int MaxDepth = 200;
}

/// <summary>What a language's outline says of a file.</summary>
/// <param name="Borders">In order of place, for chunks of a greatest length; asked for only where a unit is longer.</param>
internal sealed record CodeOutline(IReadOnlyList<CodeUnit> Units, Func<int, IReadOnlyList<CodeBorder>> Borders);

/// <summary>Collects units so that they tile a file: what nobody claimed belongs to the scope that is open.</summary>
internal sealed class CodeTiles(string text)
{
    private readonly List<CodeUnit> units = [];
    private int at;

    /// <summary>Closes what is open at a place under the scope that it belongs to.</summary>
    public void Close(int until, string scope) => Add(until, scope, null);

    public void Function(int start, int end, string scope, string signature)
    {
        Close(start, scope);
        Add(end, scope, signature);
    }

    public IReadOnlyList<CodeUnit> Finish(string scope)
    {
        Close(text.Length, scope);
        return units;
    }

    private void Add(int until, string scope, string? signature)
    {
        if (until <= at)
            return;
        if (signature is null && units.Count > 0 && !HasWords(at, until))
            units[^1] = units[^1] with { End = until };
        else
            units.Add(new CodeUnit(at, until, scope, signature));
        at = until;
    }

    private bool HasWords(int start, int end)
    {
        for (var place = start; place < end; place++)
            if (char.IsLetterOrDigit(text[place]))
                return true;
        return false;
    }
}

/// <summary>Texts of signatures as people read them.</summary>
internal static class CodeSignature
{
    /// <summary>The longest signature in UTF-16 units; the rest is left out.</summary>
    public const int MaxLength = 160;

    /// <summary>White space becomes single blanks, the rest beyond the limit is cut.</summary>
    public static string Of(ReadOnlySpan<char> text)
    {
        var signature = new System.Text.StringBuilder(Math.Min(text.Length, MaxLength));
        foreach (var c in text)
        {
            if (signature.Length == MaxLength)
                return signature.Append('…').ToString();
            if (!char.IsWhiteSpace(c))
                signature.Append(c);
            else if (signature.Length > 0 && signature[^1] != ' ')
                signature.Append(' ');
        }
        return signature.ToString().TrimEnd();
    }
}
