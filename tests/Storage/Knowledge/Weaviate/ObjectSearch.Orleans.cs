using System.Text.Json.Nodes;

namespace Sophia.Knowledge.StandIn;

/// <summary>BM25 and nearness over one tenant's objects. Equals come in the order in which they were stored.</summary>
internal sealed class ObjectSearch(ClassDefinition definition, IReadOnlyList<StoredObject> all, IReadOnlyList<StoredObject> passing)
{
    public IEnumerable<Hit> Answer(JsonObject request, int limit)
    {
        if (request["bm25Search"] is { } words)
            return Words(words["query"]?.GetValue<string>() ?? "", words["properties"]).Take(limit);
        if (request["nearVector"] is { } near)
            return Near(near).Take(limit);
        return passing.Select(found => new Hit(found, null, null));
    }

    private IEnumerable<Hit> Words(string query, JsonNode? properties)
    {
        var property = properties!.AsArray().Single()!.GetValue<string>();
        if (!definition.Is(property, "indexSearchable", otherwise: definition.TypeOf(property) == "text"))
            throw new RefusedRequest($"property '{property}' is not searchable");
        var tokens = all.ToDictionary(o => o.Id, o => definition.Tokens(property, o.Text(property)));
        var length = Math.Max(1, tokens.Values.Select(t => t.Length).DefaultIfEmpty().Average());
        var sought = definition.Tokens(property, query).Distinct().Select(token => (token, Holding: tokens.Values.Count(t => t.Contains(token)))).ToList();
        return passing.Select(o => new Hit(o, (float)sought.Sum(s => Score(tokens[o.Id].Count(t => t == s.token), tokens[o.Id].Length, length, all.Count, s.Holding)), null)).Where(hit => hit.Score > 0).OrderByDescending(hit => hit.Score);
    }

    private static double Score(int count, int words, double length, int objects, int holding) =>
        Math.Log(1 + (objects - holding + 0.5) / (holding + 0.5)) * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * words / length));

    private IEnumerable<Hit> Near(JsonNode near)
    {
        var sent = near["vectors"]!.AsArray().Single()!;
        var name = near["targets"]?["targetVectors"]?.AsArray().Single()?.GetValue<string>() ?? sent["name"]!.GetValue<string>();
        if (!definition.Vectors.Contains(name))
            throw new RefusedRequest($"class {definition.Name} does not have named vector {name}");
        var sought = ObjectStore.Floats(sent["vectorBytes"]!.GetValue<string>());
        return passing.Where(o => o.Vectors.ContainsKey(name)).Select(o => new Hit(o, null, 1 - Cosine(sought, o.Vectors[name]))).OrderBy(hit => hit.Distance);
    }

    private static float Cosine(float[] a, float[] b) => a.Length != b.Length ? throw new RefusedRequest("vector lengths don't match")
        : (float)(a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(y => (double)y * y)));
}

internal readonly record struct Hit(StoredObject Object, float? Score, float? Distance);

/// <summary>A found object as the protocol writes it.</summary>
internal static class ResultJson
{
    public static JsonObject Of(Hit hit, ClassDefinition definition, IEnumerable<string> properties, IEnumerable<string> vectors)
    {
        var metadata = new JsonObject { ["id"] = hit.Object.Id.ToString() };
        if (hit.Score is { } score)
            (metadata["score"], metadata["scorePresent"]) = (score, true);
        if (hit.Distance is { } distance)
            (metadata["distance"], metadata["distancePresent"]) = (distance, true);
        metadata["vectors"] = new JsonArray([.. vectors.Where(hit.Object.Vectors.ContainsKey).Select(name => (JsonNode)new JsonObject
        {
            ["name"] = name, ["type"] = "VECTOR_TYPE_SINGLE_FP32", ["vectorBytes"] = Convert.ToBase64String(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(hit.Object.Vectors[name])),
        })]);
        var fields = new JsonObject();
        foreach (var name in properties.Where(hit.Object.Properties.ContainsKey))
            fields[name] = definition.TypeOf(name) switch
            {
                "int" => new JsonObject { ["intValue"] = ((long)hit.Object.Number(name)).ToString() },
                "number" => new JsonObject { ["numberValue"] = hit.Object.Number(name) },
                "text[]" => new JsonObject { ["listValue"] = new JsonObject { ["textValues"] = new JsonObject { ["values"] = hit.Object.Properties[name].DeepClone() } } },
                "blob" => new JsonObject { ["blobValue"] = hit.Object.Text(name) },
                _ => new JsonObject { ["textValue"] = hit.Object.Text(name) },
            };
        return new JsonObject { ["metadata"] = metadata, ["properties"] = new JsonObject { ["nonRefProps"] = new JsonObject { ["fields"] = fields } } };
    }
}
