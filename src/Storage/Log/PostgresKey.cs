using System.Text;

namespace Sophia.Log;

/// <summary>Keys as bytea: text cannot hold a zero, and bytes order as the log's keys do.</summary>
internal static class PostgresKey
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">The key is not valid UTF-16.</exception>
    public static byte[] Of(string key) => Strict.GetBytes(key);

    public static string Text(byte[] key) => Encoding.UTF8.GetString(key);
}
