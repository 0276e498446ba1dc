using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;

namespace Sophia.Resilience;

/// <summary>What a request asks for, in one hash: method, path, query in the order of its names, and body. Two requests with one hash ask the same.</summary>
internal static class RequestFingerprint
{
    /// <summary>Reads the body, where that is not a file, and leaves it to be read again.</summary>
    /// <exception cref="BadHttpRequestException">The body is larger than the address takes.</exception>
    public static async Task<string> Of(HttpContext context)
    {
        var request = context.Request;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, request.Method.ToUpperInvariant());
        Add(hash, request.Path.Value ?? "");
        foreach (var (name, values) in request.Query.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            foreach (var value in values)
                Add(hash, $"{name}={value}");
        Add(hash, "\n");
        if (TakesFiles(context))
        {
            Add(hash, request.ContentType ?? "");
            Add(hash, $"{request.ContentLength}");
            Add(hash, request.Headers["Content-Digest"].ToString());
        }
        else
            hash.AppendData(Canonical(await Body(request), request.HasJsonContentType()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A JSON text in the one form that all texts of the same meaning have: members by name, no blanks, numbers as written. What is no JSON stays as it is.</summary>
    public static ReadOnlySpan<byte> Canonical(byte[] body, bool isJson)
    {
        if (!isJson || body.Length == 0)
            return body;
        try
        {
            using var document = JsonDocument.Parse(body);
            var buffer = new ArrayBufferWriter<byte>(body.Length);
            using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
                Write(writer, document.RootElement);
            return buffer.WrittenSpan;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or ArgumentException)
        {
            return body; // Whoever reads the request will say what is wrong with it.
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(element.GetString());
                break;
            default:
                writer.WriteRawValue(element.GetRawText(), skipInputValidation: true);
                break;
        }
    }

    private static bool TakesFiles(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is { } limit && limit.MaxRequestBodySize is not <= EdgeLimits.Body;

    private static async Task<byte[]> Body(HttpRequest request)
    {
        var read = new MemoryStream();
        await request.Body.CopyToAsync(read, request.HttpContext.RequestAborted);
        request.Body = read;
        read.Position = 0;
        return read.ToArray();
    }

    // Lengths go in too, so that no two requests look alike when put end to end.
    private static void Add(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
