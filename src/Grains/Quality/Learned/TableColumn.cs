using System.Text;
using System.Text.Json;

namespace Sophia.Quality;

/// <summary>One field of a table: every different value once, with how many records have it. Number 0 is a missing value.</summary>
internal sealed class TableColumn(string name)
{
    /// <summary>How much of a value is kept, in UTF-16 units; longer ones are told apart by their hash.</summary>
    public const int MaxKept = 256;

    private readonly Dictionary<(JsonTokenType, string), int> numbers = [];
    private readonly List<TableValue> values = [TableValue.Missing];
    private readonly Stack<int> free = [];

    public string Name { get; } = name;

    /// <summary>Numbers of values are under this.</summary>
    public int Numbers => values.Count;

    /// <summary>Different values that records have now, missing ones aside.</summary>
    public int Distinct => values.Count - 1 - free.Count;

    public TableValue this[int number] => values[number];

    /// <summary>The values that records have now, the commonest first, equal ones by their text: the same for the same records however they came.</summary>
    public IEnumerable<TableValue> Commonest() => values.Skip(1).Where(value => value.Count > 0).OrderByDescending(value => value.Count).ThenBy(value => value.Text, StringComparer.Ordinal);

    public int Add(JsonTokenType token, string text)
    {
        if (text.Length == 0 || token is JsonTokenType.Null or JsonTokenType.None)
            return 0;
        if (!numbers.TryGetValue((token, text), out var number))
        {
            if (!free.TryPop(out number))
            {
                number = values.Count;
                values.Add(TableValue.Missing);
            }
            numbers[(token, text)] = number;
            values[number] = new TableValue(token, text, 0);
        }
        values[number] = values[number] with { Count = values[number].Count + 1 };
        return number;
    }

    public void Remove(int number)
    {
        if (number == 0)
            return;
        var value = values[number];
        values[number] = value with { Count = value.Count - 1 };
        if (value.Count > 1)
            return;
        numbers.Remove((value.Token, value.Text));
        free.Push(number);
    }

    public int Find(string text) => numbers.TryGetValue((JsonTokenType.String, text), out var number) || numbers.TryGetValue((JsonTokenType.Number, text), out number) ? number : 0;

    /// <summary>What is kept of a value's text.</summary>
    public static string Kept(string text) => text.Length <= MaxKept ? text
        : $"{Operations.TextEnd.Cut(text, MaxKept)}…{Log.EntryHash.Of(Log.RecordOperation.Upsert, Encoding.UTF8.GetBytes(text)):x32}";
}

/// <summary>A value as it stood in a payload, without quotes and outer blanks, and how many records have it.</summary>
internal readonly record struct TableValue(JsonTokenType Token, string Text, int Count)
{
    public static readonly TableValue Missing = new(JsonTokenType.None, "", 0);

    public bool IsMissing => Token == JsonTokenType.None;

    public bool TryNumber(out decimal number)
    {
        number = 0;
        return Token is JsonTokenType.Number or JsonTokenType.String && Text.Length <= 40 && Cell.TryNumber(Encoding.UTF8.GetBytes(Text), out number);
    }
}
