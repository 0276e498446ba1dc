using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sophia.Knowledge.StandIn;

/// <summary>Holds requests against Weaviate's public description of its REST interface, where that lies beside the shared data; else every path is taken as Sophia knows it.</summary>
internal sealed class OpenApiCheck
{
    private static readonly string[] Known = ["/meta", "/.well-known/live", "/.well-known/ready", "/schema", "/schema/{className}", "/schema/{className}/tenants", "/schema/{className}/tenants/{tenantName}", "/objects/{className}/{id}"];

    private readonly JsonObject? description = File is { } file ? JsonNode.Parse(System.IO.File.ReadAllText(file))!.AsObject() : null;

    /// <summary>Where the description lies, or null.</summary>
    public static string? File { get; } = SharedData.Root is { } data && Path.Combine(data, "..", "specs", "weaviate", "schema.json") is var file && System.IO.File.Exists(file) ? file : null;

    /// <summary>The path's template, and what is wrong with the request.</summary>
    public (string Template, IReadOnlyList<string> Wrong) Check(string method, string path, JsonNode? body)
    {
        var template = (description?["paths"]!.AsObject().Select(p => p.Key) ?? Known).Where(known => Regex.IsMatch(path, "^" + Regex.Replace(Regex.Escape(known).Replace("}", "\\}"), @"\\\{[^}]*\\\}", "[^/]+") + "$"))
            .OrderBy(known => known.Count(c => c == '{')).FirstOrDefault();
        if (template is null)
            return (path, ["no such path"]);
        if (description is null)
            return (template, []);
        if (description["paths"]![template]![method.ToLowerInvariant()] is not { } operation)
            return (template, ["no such method"]);
        var parameter = operation["parameters"]?.AsArray().FirstOrDefault(p => p!["in"]?.GetValue<string>() == "body");
        if (parameter is null)
            return (template, body is null ? [] : ["no body is described"]);
        if (body is null)
            return (template, parameter["required"]?.GetValue<bool>() == true ? ["a body is required"] : []);
        var wrong = new List<string>();
        Match(body, parameter["schema"]!, "body", wrong);
        return (template, wrong);
    }

    private void Match(JsonNode? value, JsonNode schema, string at, List<string> wrong)
    {
        if (schema["$ref"]?.GetValue<string>() is { } reference)
            schema = description!["definitions"]![reference.Split('/')[^1]]!;
        if (value is null)
            return;
        foreach (var part in schema["allOf"]?.AsArray() ?? [])
            Match(value, part!, at, wrong);
        // An object without any member is what the description's generator writes for "anything": a vector, for one, which is a list.
        if (schema["type"]?.GetValue<string>() == "object" && schema["properties"] is null && schema["additionalProperties"] is null)
            return;
        var kind = value.GetValueKind();
        var fits = schema["type"]?.GetValue<string>() switch
        {
            "object" => value is JsonObject,
            "array" => value is JsonArray,
            "string" => kind == System.Text.Json.JsonValueKind.String,
            "boolean" => kind is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
            "integer" or "number" => kind == System.Text.Json.JsonValueKind.Number,
            _ => true,
        };
        if (!fits)
            wrong.Add($"{at} is {kind}, not {schema["type"]}");
        if (schema["enum"] is JsonArray allowed && !allowed.Any(one => JsonNode.DeepEquals(one, value)))
            wrong.Add($"{at} is {value.ToJsonString()}, not one of {allowed.ToJsonString()}");
        if (value is JsonArray items && schema["items"] is { } item)
            for (var i = 0; i < items.Count; i++)
                Match(items[i], item, $"{at}[{i}]", wrong);
        if (value is JsonObject members)
            Members(members, schema, at, wrong);
    }

    private void Members(JsonObject members, JsonNode schema, string at, List<string> wrong)
    {
        foreach (var required in schema["required"]?.AsArray() ?? [])
            if (!members.ContainsKey(required!.GetValue<string>()))
                wrong.Add($"{at} lacks {required}");
        var described = schema["properties"]?.AsObject();
        foreach (var (name, member) in members)
            if (described?[name] is { } property)
                Match(member, property, $"{at}.{name}", wrong);
            else if (schema["additionalProperties"] is JsonObject any)
                Match(member, any, $"{at}.{name}", wrong);
            else if (described is not null && schema["additionalProperties"] is null)
                wrong.Add($"{at}.{name} is not described");
    }
}
