namespace Sophia.Knowledge;

/// <summary>How values of a kind are written for the shared level, and what they weigh in memory.</summary>
internal abstract class CacheFormat<T> where T : class
{
    public abstract byte[] Write(T value);

    /// <exception cref="Exception">The bytes are no such value; it then counts as not there.</exception>
    public abstract T? Read(ReadOnlySpan<byte> bytes);

    /// <summary>About how many bytes the value takes in memory.</summary>
    public abstract long Weigh(T value);
}
