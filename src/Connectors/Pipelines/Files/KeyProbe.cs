namespace Sophia.Pipelines;

/// <summary>Looks at a file's first records for a field that tells them apart.</summary>
/// <param name="fields">The fields to look at, none twice.</param>
internal sealed class KeyProbe(IReadOnlyList<string> fields)
{
    /// <summary>How many records are looked at before a field counts as a key.</summary>
    public const int Rows = 1_000;

    /// <summary>How many fields are looked at for a hint.</summary>
    public const int MaxOthers = 200;

    /// <summary>The longest value of a field that is offered as a key, in characters: what is longer is text.</summary>
    private const int LongestValue = 100;

    private static readonly string[] Telling = ["id", "key", "uuid", "guid", "number", "no", "code", "email", "mail", "sku", "isbn", "reference", "ref"];

    private readonly HashSet<string>?[] seen = [.. fields.Select(_ => new HashSet<string>(StringComparer.Ordinal))];
    private readonly bool[] stand = new bool[fields.Count];
    private readonly bool[] isText = new bool[fields.Count];
    private int rows;

    public IReadOnlyList<string> Fields => fields;

    public void Saw(ReadOnlySpan<string?> values)
    {
        rows++;
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            stand[i] |= !string.IsNullOrEmpty(value);
            isText[i] |= value?.Length > LongestValue;
            if (value is null || seen[i]?.Add(value) == false)
                seen[i] = null;
        }
    }

    /// <summary>Whether a field has a value in any record.</summary>
    public bool Stands(string field)
    {
        for (var i = 0; i < fields.Count; i++)
            if (fields[i] == field)
                return stand[i];
        return false;
    }

    /// <summary>The first of these fields that has a value, each time another, in every record; empty where none has.</summary>
    public IReadOnlyList<string> First(IReadOnlyList<string> candidates)
    {
        foreach (var candidate in candidates)
            if (IsDistinct(candidate))
                return [candidate];
        return [];
    }

    /// <summary>The field that a person might state as the key: one whose name says so, else the first that tells records apart; null where none does, or one record says nothing about it.</summary>
    public string? Hint()
    {
        var distinct = rows < 2 ? [] : fields.Where((field, i) => IsDistinct(field) && !isText[i]).ToList();
        return distinct.FirstOrDefault(SaysSo) ?? distinct.FirstOrDefault();
    }

    private static bool SaysSo(string field) => Telling.Any(word => field.EndsWith(word, StringComparison.OrdinalIgnoreCase)
        && (field.Length == word.Length || !char.IsLetter(field[^(word.Length + 1)]) || (char.IsLower(field[^(word.Length + 1)]) && char.IsUpper(field[^word.Length]))));

    private bool IsDistinct(string field)
    {
        for (var i = 0; i < fields.Count; i++)
            if (fields[i] == field)
                return seen[i]?.Count > 0 && !seen[i]!.Contains("");
        return false;
    }
}
