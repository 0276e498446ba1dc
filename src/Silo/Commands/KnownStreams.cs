using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Tells a stream that holds nothing from one that never was: a misspelt name must not look like "nothing found".</summary>
internal static class KnownStreams
{
    /// <exception cref="CommandFailedException">A name that no stream has, with the names that are nearest.</exception>
    public static async Task Check(Api api, IReadOnlyList<string> names, CancellationToken cancellation)
    {
        var known = (await api.Get("api/streams", EdgeJson.Default.IReadOnlyListStreamView, cancellation)).Select(stream => stream.Stream).ToList();
        foreach (var name in names)
            if (!known.Contains(name, StringComparer.Ordinal))
                throw new CommandFailedException($"There is no stream \"{name}\".{Hint(name, known)}");
    }

    private static string Hint(string name, List<string> known)
    {
        var near = known.Where(stream => stream.Contains(name, StringComparison.OrdinalIgnoreCase)).DefaultIfEmpty().Take(5).OfType<string>().ToList();
        var shown = near.Count > 0 ? near : [.. known.Take(5)];
        return shown.Count == 0 ? " No record is stored yet." : $" There is {string.Join(", ", shown)}{(near.Count == 0 && known.Count > shown.Count ? ", …" : "")}.";
    }
}
