using System.Globalization;

namespace Sophia.Operations;

/// <summary>How sizes are written, on pages and in the terminal: in the units that settings are given in.</summary>
public static class Sizes
{
    /// <param name="bytes">At least 0.</param>
    public static string Of(long bytes) => bytes switch
    {
        < 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 10):0.#} KiB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.#} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.##} GiB"),
    };
}
