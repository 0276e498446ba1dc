using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sophia.Knowledge;

namespace Sophia.Operations;

/// <summary>Asks servers that speak HTTP what they are: Weaviate, and endpoints of models. A key goes with the request and nowhere else.</summary>
internal sealed class HttpLook : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = 4 << 20 };

    public void Dispose() => http.Dispose();

    public async Task<WeaviateSeen> Weaviate(WeaviateOptions options, CancellationToken cancellation)
    {
        var (body, skew, failed) = await Ask(HttpMethod.Get, new Uri(options.Url, "/v1/meta"), options.Key, null, cancellation);
        if (failed is not null)
            return new WeaviateSeen(failed);
        return Property(body, "version")?.GetString() is { } version
            ? new WeaviateSeen(null, version, await MachineLook.Answers(options.Url.Host, options.GrpcPort), skew)
            : new WeaviateSeen("what answers is no Weaviate");
    }

    /// <summary>Has one word embedded: an endpoint may answer and yet not know the model.</summary>
    public async Task<ModelSeen> Embedding(EmbeddingEndpoint endpoint, string model, CancellationToken cancellation)
    {
        var address = endpoint.Url.AbsolutePath.EndsWith("/embeddings", StringComparison.Ordinal) ? endpoint.Url : new Uri(endpoint.Url.AbsoluteUri.TrimEnd('/') + "/embeddings");
        var question = JsonSerializer.Serialize(new Dictionary<string, object> { ["model"] = model, ["input"] = new[] { "word" } });
        var (body, skew, failed) = await Ask(HttpMethod.Post, address, endpoint.Key, question, cancellation);
        if (failed is not null)
            return new ModelSeen(failed);
        return Property(body, "data") is { ValueKind: JsonValueKind.Array } data && data.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first && first.TryGetProperty("embedding", out var vector) && vector.ValueKind == JsonValueKind.Array
            ? new ModelSeen(Dimensions: vector.GetArrayLength(), Wanted: model, Skew: skew)
            : new ModelSeen("what answers gives no vectors");
    }

    /// <summary>Asks which models there are; an endpoint need not say.</summary>
    public async Task<ModelSeen> Answers(Uri url, string? key, string model, CancellationToken cancellation)
    {
        var root = url.AbsoluteUri.TrimEnd('/');
        root = root.EndsWith("/chat/completions", StringComparison.Ordinal) ? root[..^"/chat/completions".Length] : root;
        var (body, skew, failed) = await Ask(HttpMethod.Get, new Uri($"{root}/models"), key, null, cancellation);
        if (failed is not null && !failed.Contains("404", StringComparison.Ordinal))
            return new ModelSeen(failed);
        var names = Property(body, "data") is { ValueKind: JsonValueKind.Array } data
            ? data.EnumerateArray().Select(one => one.ValueKind == JsonValueKind.Object && one.TryGetProperty("id", out var id) ? id.GetString() : null).OfType<string>().ToList() : null;
        return new ModelSeen(Names: names, Wanted: model, Skew: skew);
    }

    /// <summary>Asks a Sophia whose a key is: "owner of default", or why that is not known.</summary>
    public async Task<(string? Whose, string? Failed)> Key(Uri url, string key, CancellationToken cancellation)
    {
        var (body, _, failed) = await Ask(HttpMethod.Get, new Uri(url, "/api/me"), key, null, cancellation);
        if (failed is not null)
            return (null, failed);
        return Property(body, "tenant")?.GetString() is { } tenant && Property(body, "role")?.GetString() is { } role ? ($"{role} of {tenant}", null) : (null, "is no Sophia");
    }

    private async Task<(JsonElement? Body, TimeSpan? Skew, string? Failed)> Ask(HttpMethod method, Uri address, string? key, string? body, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(method, address) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
            if (key is { Length: > 0 })
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            var before = DateTimeOffset.UtcNow;
            using var answer = await http.SendAsync(request, cancellation);
            // The date of an answer counts whole seconds.
            var skew = answer.Headers.Date is { } date ? date.AddSeconds(0.5) - (before + (DateTimeOffset.UtcNow - before) / 2) : (TimeSpan?)null;
            if (!answer.IsSuccessStatusCode)
                return (null, skew, (int)answer.StatusCode is 401 or 403 ? $"refuses the key ({(int)answer.StatusCode})" : $"answers {(int)answer.StatusCode}");
            return (JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellation)).RootElement, skew, null);
        }
        catch (FormatException)
        {
            return (null, null, "the key holds what cannot be sent");
        }
        catch (JsonException)
        {
            return (null, null, "what it answers is no JSON");
        }
        catch (Exception failure) when (failure is HttpRequestException || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return (null, null, failure is HttpRequestException ? $"does not answer: {failure.GetBaseException().Message}" : "does not answer within 10 s");
        }
    }

    private static JsonElement? Property(JsonElement? body, string name) => body is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(name, out var found) ? found : null;
}
