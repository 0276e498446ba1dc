using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>A connector's configuration with its secrets in place. It exists in memory, in the private folder of a process, and encrypted where the connector asked to keep it; nowhere else.</summary>
/// <param name="Basis">A hash of what the definition and its secrets said: a kept configuration counts only while they say the same.</param>
internal sealed partial record ConnectorConfig(string Json, string Basis)
{
    /// <exception cref="SourceException">A secret is not to be had.</exception>
    public static async Task<ConnectorConfig> Resolve(AirbyteSettings settings, string tenant, ISecretResolver secrets, SecretBlanks blanks, CancellationToken cancellation)
    {
        var config = JsonNode.Parse(settings.ConfigJson)!;
        foreach (var reference in References(settings.ConfigJson))
        {
            var parsed = SecretReference.Parse(reference) ?? throw new SourceException($"{settings.Name}: config names the secret \"{reference}\": write ${{env:NAME}} or ${{file:PATH}}.", transient: false);
            var secret = await secrets.Resolve(TenantId.Parse(tenant), parsed, cancellation)
                ?? throw new SourceException($"{settings.Name}: the secret {reference} is not to be had: set it where Sophia runs.", transient: false);
            blanks.Add(secret);
            config = Replaced(config, $"${{{reference}}}", secret);
        }
        var json = config!.ToJsonString();
        return new ConnectorConfig(json, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json))));
    }

    /// <summary>What a kept text says, if it was kept under the same definition and secrets; else this one.</summary>
    public ConnectorConfig OrKept(string? kept, SecretBlanks blanks)
    {
        if (kept is null || JsonNode.Parse(kept) is not JsonObject found || (string?)found["basis"] != Basis || found["config"] is not { } config)
            return this;
        BlankAll(config, blanks);
        return this with { Json = config.ToJsonString() };
    }

    /// <summary>What is to be kept after the connector changed its configuration.</summary>
    public string Kept() => new JsonObject { ["basis"] = Basis, ["config"] = JsonNode.Parse(Json) }.ToJsonString();

    /// <summary>Blanks the values that the connector's specification calls secrets, where the definition states them openly.</summary>
    public void BlankDeclared(JsonElement specification, SecretBlanks blanks)
    {
        if (specification.TryGetProperty("connectionSpecification", out var schema))
            BlankDeclared(schema, JsonNode.Parse(Json), blanks);
    }

    /// <summary>The paths at which the specification calls a value a secret and the definition states it openly.</summary>
    public static IReadOnlyList<string> OpenSecrets(JsonElement specification, string statedJson)
    {
        var found = new List<string>();
        if (specification.TryGetProperty("connectionSpecification", out var schema))
            Secrets(schema, JsonNode.Parse(statedJson), "config", (path, value) =>
            {
                if (!Reference().IsMatch(value))
                    found.Add(path);
            });
        return found;
    }

    public static IEnumerable<string> References(string json) =>
        Reference().Matches(json).Select(match => JsonSerializer.Deserialize<string>($"\"{match.Groups[1].Value}\"")!).Distinct(StringComparer.Ordinal);

    private static void BlankDeclared(JsonElement schema, JsonNode? config, SecretBlanks blanks) => Secrets(schema, config, "", (_, value) => blanks.Add(value));

    private static void Secrets(JsonElement schema, JsonNode? config, string path, Action<string, string> found)
    {
        if (schema.ValueKind != JsonValueKind.Object || config is null)
            return;
        if (schema.TryGetProperty("airbyte_secret", out var secret) && secret.ValueKind == JsonValueKind.True && config is JsonValue)
            found(path, config.GetValueKind() == JsonValueKind.String ? config.GetValue<string>() : config.ToJsonString());
        foreach (var choice in new[] { "oneOf", "anyOf", "allOf" })
            if (schema.TryGetProperty(choice, out var choices) && choices.ValueKind == JsonValueKind.Array)
                foreach (var one in choices.EnumerateArray())
                    Secrets(one, config, path, found);
        if (config is JsonObject fields && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
            foreach (var property in properties.EnumerateObject())
                Secrets(property.Value, fields[property.Name], $"{path}.{property.Name}", found);
    }

    private static void BlankAll(JsonNode? node, SecretBlanks blanks)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var field in fields)
                    BlankAll(field.Value, blanks);
                break;
            case JsonArray items:
                foreach (var item in items)
                    BlankAll(item, blanks);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is { Length: >= 12 } text:
                blanks.Add(text);
                break;
        }
    }

    private static JsonNode? Replaced(JsonNode? node, string reference, string secret) => node switch
    {
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Replaced(field.Value, reference, secret)))),
        JsonArray items => new JsonArray([.. items.Select(item => Replaced(item, reference, secret))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().Contains(reference, StringComparison.Ordinal) =>
            JsonValue.Create(value.GetValue<string>().Replace(reference, secret, StringComparison.Ordinal)),
        _ => node?.DeepClone(),
    };

    [GeneratedRegex(@"\$\{([^}""]+)\}")]
    private static partial Regex Reference();
}
