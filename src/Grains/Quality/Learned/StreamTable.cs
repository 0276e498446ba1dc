using System.Text.Json;
using Sophia.Log;

namespace Sophia.Quality;

/// <summary>The newest version of a stream's records as a table, kept from the log row by row.</summary>
/// <remarks>
/// What it holds is decided by keys and rows alone, never by where a batch ends. Of a stream with more records than it may hold it keeps those whose
/// key's hash is low: when there is no room the bound is halved, so whoever reads the same log keeps the same records.
/// </remarks>
internal sealed class StreamTable(string stream, int maxRows = StreamTable.DefaultRows)
{
    /// <summary>Records held: about 100 bytes and 4 bytes a field each, besides every different value once.</summary>
    public const int DefaultRows = 100_000;

    /// <summary>Fields looked at; further ones are left out and counted.</summary>
    public const int MaxFields = 200;

    private const int MaxDepth = 4;

    private readonly Dictionary<string, TableRow> rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> columnOf = new(StringComparer.Ordinal);
    private readonly List<TableColumn> columns = [];
    private readonly HashSet<string> leftOut = new(StringComparer.Ordinal);
    private IReadOnlyList<TableRow>? sorted;
    private ulong bound = ulong.MaxValue;

    public string Stream { get; } = stream;

    /// <summary>The position in the log that it has come to.</summary>
    public long Position { get; private set; }

    /// <summary>Rises with each change.</summary>
    public long Version { get; private set; }

    /// <summary>Whether every record is held.</summary>
    public bool IsWhole => bound == ulong.MaxValue;

    public IReadOnlyList<TableColumn> Columns => columns;

    public int LeftOutFields => leftOut.Count;

    public int Count => rows.Count;

    public Arrivals Arrivals { get; } = new();

    /// <summary>In key order.</summary>
    public IReadOnlyList<TableRow> Rows() => sorted ??= [.. rows.Values.OrderBy(row => row.Key, StringComparer.Ordinal)];

    public TableColumn? Column(string name) => columnOf.TryGetValue(name, out var number) ? columns[number] : null;

    public int NumberOf(string name) => columnOf.GetValueOrDefault(name, -1);

    /// <summary>Takes a row of the log; one of another stream only moves the position.</summary>
    public void Take(LogEntry entry)
    {
        Position = entry.Position;
        if (entry.Type != EntryType.Record || entry.Stream != Stream)
            return;
        Version++;
        sorted = null;
        Arrivals.Note(entry.At, entry.Run);
        if (rows.Remove(entry.Key, out var before))
            Forget(before);
        if (entry.Operation == RecordOperation.Delete || HashOf(entry.Key) > bound)
            return;
        rows[entry.Key] = new TableRow(entry.Key, entry.At, entry.Run, CellsOf(entry.Payload));
        while (rows.Count > maxRows)
            Halve();
    }

    /// <summary>Says that the log has no row of this stream up to a position.</summary>
    public void Passed(long position) => Position = Math.Max(Position, position);

    private void Halve()
    {
        bound /= 2;
        foreach (var key in rows.Keys.Where(key => HashOf(key) > bound).ToArray())
            if (rows.Remove(key, out var gone))
                Forget(gone);
    }

    private void Forget(TableRow row)
    {
        for (var i = 0; i < row.Cells.Length; i++)
            columns[i].Remove(row.Cells[i]);
    }

    private int[] CellsOf(ReadOnlyMemory<byte> payload)
    {
        var cells = new int[columns.Count];
        try
        {
            using var json = JsonDocument.Parse(payload);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                Walk(json.RootElement, "", 1, ref cells);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // No JSON, no cells: every field of it is missing. The latter: half a character, which earlier releases stored.
        }
        return cells;
    }

    private void Walk(JsonElement element, string prefix, int depth, ref int[] cells)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (HeldText.Name(property) is not { } own)
                continue; // Half a character: no rule can name it.
            var name = prefix + own;
            if (property.Value.ValueKind == JsonValueKind.Object && depth < MaxDepth)
            {
                Walk(property.Value, name + ".", depth + 1, ref cells);
                continue;
            }
            if (ColumnFor(name) is not (>= 0 and var at))
                continue;
            if (at >= cells.Length)
                Array.Resize(ref cells, columns.Count);
            columns[at].Remove(cells[at]);
            cells[at] = columns[at].Add(TokenOf(property.Value.ValueKind), TextOf(property.Value));
        }
    }

    private int ColumnFor(string name)
    {
        if (columnOf.TryGetValue(name, out var known))
            return known;
        if (columns.Count == MaxFields)
        {
            if (leftOut.Count < MaxFields)
                leftOut.Add(name);
            return -1;
        }
        columns.Add(new TableColumn(name));
        return columnOf[name] = columns.Count - 1;
    }

    private static string TextOf(JsonElement value) => TableColumn.Kept((value.ValueKind == JsonValueKind.String ? HeldText.Of(value) ?? HeldText.Raw(value) : value.GetRawText()).Trim());

    private static JsonTokenType TokenOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => JsonTokenType.String,
        JsonValueKind.Number => JsonTokenType.Number,
        JsonValueKind.True => JsonTokenType.True,
        JsonValueKind.False => JsonTokenType.False,
        JsonValueKind.Object => JsonTokenType.StartObject,
        JsonValueKind.Array => JsonTokenType.StartArray,
        _ => JsonTokenType.Null,
    };

    private static ulong HashOf(string key)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var c in key)
            hash = (hash ^ c) * 0x100000001B3UL;
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        return hash ^ (hash >> 33);
    }
}

/// <summary>A record: by column the number of its value; columns beyond its length are missing.</summary>
internal sealed record TableRow(string Key, DateTimeOffset At, string Run, int[] Cells)
{
    public int this[int column] => column >= 0 && column < Cells.Length ? Cells[column] : 0;
}
