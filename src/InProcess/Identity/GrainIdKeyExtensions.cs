using System.Globalization;

namespace Orleans.Runtime;

/// <summary>Integer and Guid keys, written as Orleans writes them: hexadecimal without padding, and 32 hexadecimal digits.</summary>
public static class GrainIdKeyExtensions
{
    /// <summary>The key of an integer.</summary>
    public static IdSpan CreateIntegerKey(long key) => IdSpan.Create(key.ToString("X", CultureInfo.InvariantCulture));

    /// <summary>The key of an integer and a text.</summary>
    public static IdSpan CreateIntegerKey(long key, string? keyExtension) => string.IsNullOrWhiteSpace(keyExtension)
        ? CreateIntegerKey(key)
        : IdSpan.Create($"{key.ToString("X", CultureInfo.InvariantCulture)}+{keyExtension}");

    /// <summary>The key of a Guid.</summary>
    public static IdSpan CreateGuidKey(Guid key) => IdSpan.Create(key.ToString("N"));

    /// <summary>The key of a Guid and a text.</summary>
    public static IdSpan CreateGuidKey(Guid key, string? keyExtension) => string.IsNullOrWhiteSpace(keyExtension)
        ? CreateGuidKey(key)
        : IdSpan.Create($"{key:N}+{keyExtension}");

    /// <summary>Reads an integer key and what follows its plus sign.</summary>
    public static bool TryGetIntegerKey(this GrainId grainId, out long key, out string? keyExt)
    {
        var text = Split(grainId, out keyExt);
        return long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out key);
    }

    /// <summary>Reads an integer key; throws <see cref="ArgumentException"/> if it is none.</summary>
    public static long GetIntegerKey(this GrainId grainId) => grainId.TryGetIntegerKey(out var key, out _)
        ? key
        : throw new ArgumentException($"Value \"{grainId.Key}\" is not in the correct format for an Integer key.", nameof(grainId));

    /// <summary>Reads a Guid key and what follows its plus sign.</summary>
    public static bool TryGetGuidKey(this GrainId grainId, out Guid key, out string? keyExt)
    {
        var text = Split(grainId, out keyExt);
        return Guid.TryParseExact(text, "N", out key);
    }

    /// <summary>Reads a Guid key; throws <see cref="ArgumentException"/> if it is none.</summary>
    public static Guid GetGuidKey(this GrainId grainId) => grainId.TryGetGuidKey(out var key, out _)
        ? key
        : throw new ArgumentException($"Value \"{grainId.Key}\" is not in the correct format for a Guid key.", nameof(grainId));

    private static ReadOnlySpan<char> Split(GrainId grainId, out string? keyExt)
    {
        var text = grainId.Key.Text;
        var plus = text.IndexOf('+');
        keyExt = plus < 0 ? null : text[(plus + 1)..];
        return plus < 0 ? text : text.AsSpan(0, plus);
    }
}
