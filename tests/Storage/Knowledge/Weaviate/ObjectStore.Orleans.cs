using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Sophia.Knowledge.StandIn;

/// <summary>An object with its properties as they were sent, and when it came.</summary>
internal sealed record StoredObject(Guid Id, long Order, IReadOnlyDictionary<string, JsonNode> Properties, IReadOnlyDictionary<string, float[]> Vectors)
{
    public string Text(string property) => Properties.TryGetValue(property, out var value) ? value.GetValue<string>() : "";

    public double Number(string property) => Properties.TryGetValue(property, out var value) ? value.GetValue<double>() : 0;

    public IEnumerable<string> Texts(string property) => !Properties.TryGetValue(property, out var value) ? [] : value is JsonArray many ? many.Select(n => n!.GetValue<string>()) : [value.GetValue<string>()];
}

/// <summary>A collection as it was defined.</summary>
internal sealed record ClassDefinition(string Name, JsonObject Json)
{
    public IReadOnlyDictionary<string, JsonObject> Properties { get; } = Json["properties"]?.AsArray().ToDictionary(p => p!["name"]!.GetValue<string>(), p => p!.AsObject()) ?? [];

    public IReadOnlyCollection<string> Vectors { get; } = Json["vectorConfig"]?.AsObject().Select(v => v.Key).ToHashSet() ?? [];

    public bool HasTenants => Json["multiTenancyConfig"]?["enabled"]?.GetValue<bool>() == true;

    public string TypeOf(string property) => Properties.TryGetValue(property, out var found) ? found["dataType"]![0]!.GetValue<string>() : throw new RefusedRequest($"no such prop with name '{property}' found in class '{Name}'");

    public bool Is(string property, string flag, bool otherwise) => Properties[property][flag]?.GetValue<bool>() ?? otherwise;

    /// <summary>How a text is cut: whole, or at white space. Sophia uses no other way.</summary>
    public string[] Tokens(string property, string text) => Properties[property]["tokenization"]?.GetValue<string>() switch
    {
        "field" => text.Trim() is { Length: > 0 } whole ? [whole] : [],
        "whitespace" => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        var other => throw new RefusedRequest($"tokenization {other}"),
    };
}

/// <summary>Collections, tenants and objects. Refuses what Weaviate would: unknown names, wrong types, a tenant that was not made, vectors of another length.</summary>
internal sealed class ObjectStore
{
    private readonly ConcurrentDictionary<string, ClassDefinition> classes = [];
    private readonly ConcurrentDictionary<(string Class, string Tenant), ConcurrentDictionary<Guid, StoredObject>> tenants = [];
    private readonly ConcurrentDictionary<(string Class, string Tenant, string Vector), int> lengths = [];
    private long order;

    /// <summary>As many as one call removes. Weaviate: 10,000.</summary>
    public int DeletedAtOnce { get; set; } = 10_000;

    public IEnumerable<ClassDefinition> Definitions => classes.Values;

    public bool Has(string name) => classes.ContainsKey(name);

    public ClassDefinition Definition(string name) => classes.TryGetValue(name, out var found) ? found : throw new RefusedRequest($"could not find class {name} in schema");

    public void Define(JsonObject json)
    {
        var definition = new ClassDefinition(json["class"]!.GetValue<string>(), json.DeepClone().AsObject());
        if (!classes.TryAdd(definition.Name, definition))
            throw new RefusedRequest($"class name {definition.Name} already exists");
    }

    public void Redefine(string name, JsonObject json)
    {
        var (old, changed) = (Definition(name), new ClassDefinition(name, json.DeepClone().AsObject()));
        if (old.Vectors.Except(changed.Vectors).Any())
            throw new RefusedRequest("missing config for vector");
        classes[name] = changed;
    }

    public void AddTenant(string name, string tenant)
    {
        _ = Definition(name);
        tenants.TryAdd((name, tenant), []);
    }

    /// <summary>A tenant leaves with all its objects.</summary>
    public void RemoveTenant(string name, string tenant)
    {
        _ = Definition(name);
        tenants.TryRemove((name, tenant), out _);
        foreach (var length in lengths.Keys.Where(key => key.Class == name && key.Tenant == tenant))
            lengths.TryRemove(length, out _);
    }

    public IEnumerable<string> TenantsOf(string name) => tenants.Keys.Where(key => key.Class == name).Select(key => key.Tenant);

    public IReadOnlyCollection<StoredObject> Of(string name, string tenant) => [.. Tenant(name, tenant).Values.OrderBy(o => o.Order)];

    /// <summary>All objects of all tenants and collections.</summary>
    public IEnumerable<StoredObject> All => tenants.Values.SelectMany(objects => objects.Values);

    /// <summary>Empties everything, as if the disk were new.</summary>
    public void Forget()
    {
        classes.Clear();
        tenants.Clear();
        lengths.Clear();
    }

    public void Put(JsonObject sent)
    {
        var (name, tenant) = (sent["collection"]!.GetValue<string>(), sent["tenant"]?.GetValue<string>() ?? "");
        var definition = Definition(name);
        var properties = new Dictionary<string, JsonNode>();
        foreach (var (property, value) in sent["properties"]?["nonRefProperties"]?.AsObject() ?? [])
            properties[property] = Checked(definition, property, value!);
        foreach (var array in sent["properties"]?["textArrayProperties"]?.AsArray() ?? [])
            properties[array!["propName"]!.GetValue<string>()] = Checked(definition, array["propName"]!.GetValue<string>(), array["values"] ?? new JsonArray());
        var vectors = (sent["vectors"]?.AsArray() ?? []).ToDictionary(v => v!["name"]!.GetValue<string>(), v => Floats(v!["vectorBytes"]!.GetValue<string>()));
        Keep(definition, tenant, new StoredObject(Guid.Parse(sent["uuid"]!.GetValue<string>()), Interlocked.Increment(ref order), properties, vectors));
    }

    /// <summary>Whether the object was there.</summary>
    public bool Merge(string name, string tenant, Guid id, JsonObject sent)
    {
        var definition = Definition(name);
        if (!Tenant(name, tenant).TryGetValue(id, out var old))
            return false;
        var vectors = sent["vectors"]?.AsObject().ToDictionary(v => v.Key, v => v.Value!.AsArray().Select(n => n!.GetValue<float>()).ToArray());
        Keep(definition, tenant, old with { Vectors = vectors ?? old.Vectors });
        return true;
    }

    public void Remove(string name, string tenant, Guid id) => Tenant(name, tenant).TryRemove(id, out _);

    public static float[] Floats(string base64) => MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(base64)).ToArray();

    private void Keep(ClassDefinition definition, string tenant, StoredObject stored)
    {
        foreach (var (vector, values) in stored.Vectors)
            if (!definition.Vectors.Contains(vector))
                throw new RefusedRequest($"vector index {vector} not found");
            else if (lengths.GetOrAdd((definition.Name, tenant, vector), values.Length) != values.Length)
                throw new RefusedRequest("vector lengths don't match");
        Tenant(definition.Name, tenant)[stored.Id] = stored;
    }

    private ConcurrentDictionary<Guid, StoredObject> Tenant(string name, string tenant) =>
        Definition(name).HasTenants == tenant.Length > 0 && tenants.TryGetValue((name, tenant), out var found) ? found : throw new RefusedRequest($"tenant not found: \"{tenant}\"");

    private static JsonNode Checked(ClassDefinition definition, string property, JsonNode value)
    {
        var type = definition.TypeOf(property);
        var fits = type switch
        {
            "text" => value is JsonValue text && text.TryGetValue<string>(out _),
            "text[]" => value is JsonArray many && many.All(n => n is JsonValue text && text.TryGetValue<string>(out _)),
            "int" => value is JsonValue number && number.TryGetValue<double>(out var d) && d == Math.Floor(d) && Math.Abs(d) <= 1L << 53,
            "number" => value is JsonValue real && real.TryGetValue<double>(out _),
            "blob" => value is JsonValue blob && blob.TryGetValue<string>(out var base64) && Convert.TryFromBase64String(base64, new byte[base64.Length], out _),
            _ => false,
        };
        return fits ? value.DeepClone() : throw new RefusedRequest($"invalid {type} property '{property}'");
    }
}
