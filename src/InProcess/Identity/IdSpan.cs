using System.Text;

namespace Orleans.Runtime;

/// <summary>Part of an identity: a text with a hash that is the same in every process.</summary>
public readonly struct IdSpan : IEquatable<IdSpan>, IComparable<IdSpan>
{
    private readonly string? _text;
    private readonly int _hash;

    /// <summary>From UTF-8 bytes.</summary>
    public IdSpan(byte[] value) : this(Encoding.UTF8.GetString(value)) { }

    private IdSpan(string text)
    {
        _text = text;
        _hash = StableHash(text);
    }

    /// <summary>From a text.</summary>
    public static IdSpan Create(string id) => new(id);

    /// <summary>The UTF-8 bytes.</summary>
    public ReadOnlyMemory<byte> Value => Encoding.UTF8.GetBytes(Text);

    /// <summary>The UTF-8 bytes.</summary>
    public ReadOnlySpan<byte> AsSpan() => Encoding.UTF8.GetBytes(Text);

    /// <summary>Whether this is empty.</summary>
    public bool IsDefault => string.IsNullOrEmpty(_text);

    internal string Text => _text ?? "";

    /// <summary>A hash that is spread over all 32 bits and the same in every process.</summary>
    public uint GetUniformHashCode() => unchecked((uint)_hash);

    /// <inheritdoc/>
    public bool Equals(IdSpan other) =>
        ReferenceEquals(_text, other._text) || (_hash == other._hash && string.Equals(Text, other.Text, StringComparison.Ordinal));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IdSpan other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public int CompareTo(IdSpan other) => string.CompareOrdinal(Text, other.Text);

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Compares text.</summary>
    public static bool operator ==(IdSpan left, IdSpan right) => left.Equals(right);

    /// <summary>Compares text.</summary>
    public static bool operator !=(IdSpan left, IdSpan right) => !left.Equals(right);

    // FNV-1a with a final mix, because reminder ranges need every bit to vary.
    private static int StableHash(string text)
    {
        unchecked
        {
            var hash = 2166136261u;
            foreach (var c in text)
                hash = (hash ^ c) * 16777619u;
            hash ^= hash >> 16;
            hash *= 0x85ebca6b;
            hash ^= hash >> 13;
            hash *= 0xc2b2ae35;
            return (int)(hash ^ (hash >> 16));
        }
    }
}
