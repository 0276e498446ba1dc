using System.Text.Json;

namespace Sophia.Pipelines;

/// <summary>Blanks the secrets of one connector in whatever is to be shown: as they are, as JSON writes them, as an address writes them, and line by line.</summary>
internal sealed class SecretBlanks
{
    public const string Blank = "********";

    /// <summary>A shorter value would blank half of every line.</summary>
    private const int Shortest = 4;

    private readonly HashSet<string> secrets = new(StringComparer.Ordinal);
    private string[] longestFirst = [];

    public void Add(string? secret)
    {
        if (secret is null)
            return;
        foreach (var piece in secret.Split('\n').Append(secret))
            foreach (var form in new[] { piece.Trim(), JsonEncodedText.Encode(piece.Trim()).ToString(), Uri.EscapeDataString(piece.Trim()) })
                if (form.Length >= Shortest)
                    secrets.Add(form);
        longestFirst = [.. secrets.OrderByDescending(known => known.Length)];
    }

    public string Of(string text)
    {
        foreach (var secret in longestFirst)
            text = text.Replace(secret, Blank, StringComparison.Ordinal);
        return text;
    }
}
