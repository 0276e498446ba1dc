using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Checks in one pass that bytes are one JSON object of whole texts without a property name twice, and picks the key fields' values on the way.</summary>
/// <remarks>
/// Names are compared by a 64-bit hash under secrets of this process, and by their bytes where hashes meet. The names of a small object are
/// compared as they come; those of a large one are sorted when it ends, so that an object of a million names costs no square.
/// An instance is reused for many records and is not for several threads.
/// </remarks>
internal sealed class JsonShape
{
    /// <summary>How deep objects and arrays may nest.</summary>
    public const int MaxDepth = 64;

    private const int SmallObject = 64;

    private static readonly ulong FirstSecret = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;
    private static readonly ulong SecondSecret = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    private readonly byte[][] keyFields;
    private readonly string?[] keyValues;
    private readonly int[] frames = new int[MaxDepth + 1];
    private ulong[] hashes = new ulong[64];
    private NamePlace[] places = new NamePlace[64];

    public JsonShape(IReadOnlyList<string> keyFields)
    {
        this.keyFields = [.. keyFields.Select(Encoding.UTF8.GetBytes)];
        keyValues = new string?[keyFields.Count];
    }

    private readonly record struct NamePlace(int Start, int Length, bool Escaped);

    /// <summary>The key fields' values in the record checked last: text of a string, digits of a number; null where missing, null or neither.</summary>
    public ReadOnlyMemory<string?> KeyValues => keyValues;

    /// <summary>Names of an object's own fields that hold texts or numbers, in their order.</summary>
    public static IReadOnlyList<string> NamesOf(ReadOnlySpan<byte> json)
    {
        var names = new List<string>();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = NameOf(ref reader);
            reader.Read();
            if (name is not null && reader.TokenType is (JsonTokenType.String or JsonTokenType.Number))
                names.Add(name);
            reader.Skip();
        }
        return names;
    }

    // Half of a character, escaped, is JSON and no text.
    private static string? NameOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Null where the bytes are one object; else what is wrong and at which byte.</summary>
    public ShapeFault? Check(ReadOnlySpan<byte> json)
    {
        Array.Clear(keyValues);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return new ShapeFault("object", "a JSON object", $"It is {Describe(reader.TokenType)}.", 0);
            return Walk(ref reader, json);
        }
        catch (JsonException error)
        {
            var place = (int)Math.Min(reader.BytesConsumed + (error.BytePositionInLine ?? 0), json.Length);
            return new ShapeFault("json", "well-formed JSON", error.Message.Split(". ")[0] + ".", (int)Math.Min(place, reader.BytesConsumed));
        }
    }

    private ShapeFault? Walk(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var names = 0;
        var depth = 1;
        var key = -1;
        frames[1] = 0;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    var place = new NamePlace((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length, reader.ValueIsEscaped);
                    if (place.Escaped && HalfCharacter.Stands(reader.ValueSpan))
                        return Half(place.Start);
                    if (Add(json, place, frames[depth], ref names) is { } twice)
                        return twice;
                    key = depth == 1 && keyFields.Length > 0 ? KeyOf(ref reader) : -1;
                    continue;
                case JsonTokenType.StartObject:
                    frames[++depth] = names;
                    break;
                case JsonTokenType.EndObject:
                    if (names - frames[depth] > SmallObject && Sorted(json, frames[depth], names) is { } late)
                        return late;
                    names = frames[depth--];
                    break;
                case JsonTokenType.StartArray:
                    frames[++depth] = names;
                    break;
                case JsonTokenType.EndArray:
                    depth--;
                    break;
                case JsonTokenType.String when reader.ValueIsEscaped && HalfCharacter.Stands(reader.ValueSpan):
                    return Half((int)reader.TokenStartIndex + 1);
                case JsonTokenType.String when key >= 0:
                    keyValues[key] = reader.GetString();
                    break;
                case JsonTokenType.Number when key >= 0:
                    keyValues[key] = Encoding.UTF8.GetString(reader.ValueSpan);
                    break;
            }
            key = -1;
        }
        return null;
    }

    private int KeyOf(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < keyFields.Length; i++)
            if (reader.ValueIsEscaped ? reader.ValueTextEquals(keyFields[i]) : reader.ValueSpan.SequenceEqual(keyFields[i]))
                return i;
        return -1;
    }

    private ShapeFault? Add(ReadOnlySpan<byte> json, NamePlace place, int frame, ref int names)
    {
        if (names == hashes.Length)
        {
            Array.Resize(ref hashes, names * 2);
            Array.Resize(ref places, names * 2);
        }
        var hash = HashOf(json, place);
        if (names - frame <= SmallObject)
            for (var from = frame; hashes.AsSpan(from, names - from).IndexOf(hash) is >= 0 and var at; from += at + 1)
                if (Same(json, places[from + at], place))
                    return Twice(json, place);
        hashes[names] = hash;
        places[names++] = place;
        return null;
    }

    private ShapeFault? Sorted(ReadOnlySpan<byte> json, int from, int to)
    {
        Array.Sort(hashes, places, from, to - from);
        for (var i = from + 1; i < to; i++)
            for (var j = i - 1; j >= from && hashes[j] == hashes[i]; j--)
                if (Same(json, places[j], places[i]))
                    return Twice(json, places[Math.Max(places[i].Start, places[j].Start) == places[i].Start ? i : j]);
        return null;
    }

    private static ShapeFault Twice(ReadOnlySpan<byte> json, NamePlace place)
    {
        var name = Pieces.Clip(NameOf(json, place));
        return new ShapeFault("json", "every property name once", $"\"{name}\" stands twice in one object; which value is meant cannot be known.", place.Start, name);
    }

    private static ShapeFault Half(int at) => new("encoding", HalfCharacter.Expected, HalfCharacter.Hint, at);

    private static bool Same(ReadOnlySpan<byte> json, NamePlace a, NamePlace b) =>
        a.Escaped || b.Escaped ? NameOf(json, a) == NameOf(json, b) : Bytes(json, a).SequenceEqual(Bytes(json, b));

    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> json, NamePlace place) => json.Slice(place.Start, place.Length);

    private static string NameOf(ReadOnlySpan<byte> json, NamePlace place)
    {
        if (!place.Escaped)
            return Encoding.UTF8.GetString(Bytes(json, place));
        var reader = new Utf8JsonReader(json.Slice(place.Start - 1, place.Length + 2));
        reader.Read();
        return reader.GetString()!;
    }

    private static ulong HashOf(ReadOnlySpan<byte> json, NamePlace place) =>
        place.Escaped ? Hash(Encoding.UTF8.GetBytes(NameOf(json, place))) : Hash(Bytes(json, place));

    private static ulong Hash(ReadOnlySpan<byte> name)
    {
        var length = (ulong)name.Length;
        var state = FirstSecret;
        for (; name.Length > 16; name = name[16..])
            state = Mix(state ^ Word(name), Word(name[8..]) ^ SecondSecret);
        var (a, b) = name.Length switch
        {
            >= 8 => (Word(name), Word(name[^8..])),
            >= 4 => (MemoryMarshal.Read<uint>(name), (ulong)MemoryMarshal.Read<uint>(name[^4..])),
            > 0 => (name[0], (ulong)((name[name.Length / 2] << 8) | name[^1])),
            _ => (0UL, 0UL),
        };
        return Mix(Mix(a ^ state, b ^ SecondSecret) ^ length, FirstSecret);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ulong>(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a truth value",
        JsonTokenType.Null => "null",
        _ => "nothing",
    };
}

/// <param name="At">The byte, from the start of what was checked, at which it went wrong.</param>
internal sealed record ShapeFault(string Rule, string Expected, string Hint, int At, string Field = "*")
{
    public PieceFault ToPiece() => new(Rule, Expected, $"{Hint} (byte {At + 1} of it)", Field);
}
