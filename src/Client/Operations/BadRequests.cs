using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sophia.Operations;

/// <summary>What is wrong with a request that no endpoint saw, in words for its sender: the framework's own speak of the program's types.</summary>
internal static partial class BadRequests
{
    private const int MostShownCharacters = 100;

    /// <summary>The body as text.</summary>
    /// <exception cref="RefusedException">Invalid: it is not UTF-8.</exception>
    public static async Task<string> Utf8(this HttpRequest request, string what)
    {
        try
        {
            using var reader = new StreamReader(request.Body, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
        }
        catch (DecoderFallbackException)
        {
            throw new RefusedException(RefusalCode.Invalid, $"{what} is not UTF-8 text.");
        }
    }

    /// <summary>The detail of a problem; null where its status says all.</summary>
    public static string? Said(BadHttpRequestException bad)
    {
        if (bad.StatusCode == StatusCodes.Status413PayloadTooLarge && TooLarge().Match(bad.Message) is { Success: true } large)
            return $"This address takes at most {large.Groups[1].Value} bytes.";
        if (bad.StatusCode != StatusCodes.Status400BadRequest)
            return null;
        if (Unreadable().Match(bad.Message) is { Success: true } value)
            return $"{value.Groups["name"].Value}: expected {Expectation(value.Groups["type"].Value)}, found \"{value.Groups["found"].Value}\".";
        if (Missing().Match(bad.Message) is { Success: true } missing)
            return $"{missing.Groups["name"].Value}: expected {Expectation(missing.Groups["type"].Value)}, found nothing.";
        return bad.Message.Contains("body", StringComparison.OrdinalIgnoreCase) ? "A body of JSON is expected, found nothing." : bad.Message;
    }

    /// <summary>A sentence, after a blank, where more can be said than the place.</summary>
    public static string Why(JsonException json) =>
        json.Message.Contains("depth", StringComparison.Ordinal) ? " It is nested too deep: at most 64 levels."
        : Unmapped().Match(json.Message) is { Success: true } unknown ? $" There is no member \"{TextEnd.Clip(unknown.Groups["name"].Value, MostShownCharacters)}\"."
        : json.InnerException is InvalidOperationException ? " The text there is not UTF-8, is half a character, or is of another kind than expected."
        : "";

    private static string Expectation(string type) => type.Replace("Nullable<", "", StringComparison.Ordinal).TrimEnd('>', '?') switch
    {
        "int" or "long" => "a whole number",
        "bool" => "true or false",
        "DateTimeOffset" => "a moment such as 2026-01-31T09:30:00Z",
        "string" => "a text",
        _ => "one of the words in /openapi/v1.json",
    };

    [GeneratedRegex("""^Failed to bind parameter "(?<type>.+) (?<name>\w+)" from "(?<found>.*)"\.$""", RegexOptions.Singleline, 1000)]
    private static partial Regex Unreadable();

    [GeneratedRegex("""^Required parameter "(?<type>.+) (?<name>\w+)" was not provided from (?!body)""", RegexOptions.None, 1000)]
    private static partial Regex Missing();

    [GeneratedRegex(@"^The JSON property '(?<name>.*)' could not be mapped", RegexOptions.Singleline, 1000)]
    private static partial Regex Unmapped();

    [GeneratedRegex(@"max request body size is (\d+) bytes", RegexOptions.None, 1000)]
    private static partial Regex TooLarge();
}
