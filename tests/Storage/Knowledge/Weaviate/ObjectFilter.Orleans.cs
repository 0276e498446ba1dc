using System.Text.Json.Nodes;

namespace Sophia.Knowledge.StandIn;

/// <summary>Filters as Weaviate means them: a text is equal where all its tokens stand in the property.</summary>
internal static class ObjectFilter
{
    public static Func<StoredObject, bool> Of(JsonNode? filter, ClassDefinition definition)
    {
        if (filter is null)
            return _ => true;
        var parts = filter["filters"]?.AsArray().Select(part => Of(part, definition)).ToArray() ?? [];
        var name = filter["operator"]?.GetValue<string>() ?? throw new RefusedRequest("no operator");
        return name switch
        {
            "OPERATOR_AND" => o => parts.All(part => part(o)),
            "OPERATOR_OR" => o => parts.Any(part => part(o)),
            _ => Compared(name, filter["target"]!["property"]!.GetValue<string>(), filter, definition),
        };
    }

    private static Func<StoredObject, bool> Compared(string name, string property, JsonNode filter, ClassDefinition definition)
    {
        if (property == "_id")
        {
            var ids = Values(filter).Select(Guid.Parse).ToHashSet();
            return name is "OPERATOR_CONTAINS_ANY" or "OPERATOR_EQUAL" ? o => ids.Contains(o.Id) : throw new RefusedRequest(name);
        }
        var type = definition.TypeOf(property);
        if (!definition.Is(property, "indexFilterable", otherwise: true))
            throw new RefusedRequest($"Filtering by property '{property}' requires inverted index");
        if (type is "int" or "number")
        {
            var value = type == "int" ? long.Parse(filter["valueInt"]?.GetValue<string>() ?? throw new RefusedRequest("no whole number")) : filter["valueNumber"]?.GetValue<double>() ?? throw new RefusedRequest("no number");
            return name switch
            {
                "OPERATOR_EQUAL" => o => o.Number(property) == value,
                "OPERATOR_GREATER_THAN_EQUAL" => o => o.Number(property) >= value,
                "OPERATOR_LESS_THAN" => o => o.Number(property) < value,
                _ => throw new RefusedRequest(name),
            };
        }
        var sought = Values(filter).Select(value => definition.Tokens(property, value)).ToList();
        bool Holds(StoredObject o, string[] tokens) => tokens.Length > 0 && tokens.All(o.Texts(property).SelectMany(text => definition.Tokens(property, text)).ToHashSet().Contains);
        return name switch
        {
            "OPERATOR_EQUAL" => o => Holds(o, sought.Single()),
            "OPERATOR_CONTAINS_ANY" => o => sought.Any(tokens => Holds(o, tokens)),
            "OPERATOR_CONTAINS_ALL" => o => sought.All(tokens => Holds(o, tokens)),
            _ => throw new RefusedRequest(name),
        };
    }

    private static IEnumerable<string> Values(JsonNode filter) =>
        filter["valueTextArray"]?["values"]?.AsArray().Select(n => n!.GetValue<string>()) ?? (filter["valueText"] is { } one ? [one.GetValue<string>()] : throw new RefusedRequest("no text value"));
}
