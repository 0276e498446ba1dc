using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Makes a record's key from its payload: the values of the key fields, in the order of the definition, joined by "/".</summary>
/// <remarks>Reads the UTF-8 as it stands and stops once every field is found. Within a composite key a "/" or "\" of a value is escaped by "\".</remarks>
internal sealed class KeyFields
{
    /// <summary>The longest key, in UTF-16 units.</summary>
    public const int MaxLength = 1_000;

    /// <summary>The longest key in bytes of UTF-8, so that every store can index it: PostgreSQL takes 2,704 with what stands beside it.</summary>
    public const int MaxBytes = 2_500;

    /// <summary>What a key that <see cref="Fits"/> does not take was to be.</summary>
    public static readonly string Expectation = string.Create(CultureInfo.InvariantCulture, $"a key of at most {MaxLength} characters and {MaxBytes} bytes of UTF-8");

    private readonly byte[][][] paths;
    private readonly string?[] values;

    public KeyFields(IReadOnlyList<string> fields)
    {
        Fields = fields;
        paths = [.. fields.Select(field => field.Split('.').Select(Encoding.UTF8.GetBytes).ToArray())];
        values = new string?[fields.Count];
    }

    public IReadOnlyList<string> Fields { get; }

    /// <summary>Whether a record can be stored under the key.</summary>
    public static bool Fits([NotNullWhen(true)] string? key) => key is { Length: <= MaxLength } && (key.Length <= MaxBytes / 3 || Encoding.UTF8.GetByteCount(key) <= MaxBytes);

    /// <summary>The key, or null and the field that has no value to make it from.</summary>
    public string? Of(ReadOnlySpan<byte> payload, out string? missing)
    {
        missing = null;
        Array.Clear(values);
        var found = 0;
        var reader = new Utf8JsonReader(payload);
        if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            Walk(ref reader, 0, ref found);
        for (var i = 0; i < values.Length; i++)
            if (string.IsNullOrEmpty(values[i]))
            {
                missing = Fields[i];
                return null;
            }
        return values.Length == 1 ? values[0] : string.Join('/', values.Select(static value => value!.Replace("\\", "\\\\").Replace("/", "\\/")));
    }

    // Stands behind a StartObject and returns behind its end, or as soon as all is found.
    private bool Walk(ref Utf8JsonReader reader, int depth, ref int found)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Match(ref reader, depth, out var prefix);
            if (!reader.Read())
                return false;
            if (field >= 0)
            {
                if (Scalar(ref reader) is { } value)
                {
                    found += values[field] is null ? 1 : 0;
                    values[field] = value;
                    if (found == values.Length)
                        return true;
                }
                else
                    reader.Skip();
            }
            else if (prefix && reader.TokenType == JsonTokenType.StartObject)
            {
                if (Walk(ref reader, depth + 1, ref found))
                    return true;
            }
            else
                reader.Skip();
        }
        return false;
    }

    private int Match(ref Utf8JsonReader reader, int depth, out bool prefix)
    {
        prefix = false;
        for (var i = 0; i < paths.Length; i++)
        {
            if (paths[i].Length <= depth || !reader.ValueTextEquals(paths[i][depth]))
                continue;
            if (paths[i].Length == depth + 1)
                return i;
            prefix = true;
        }
        return -1;
    }

    private static string? Scalar(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => null,
    };
}
