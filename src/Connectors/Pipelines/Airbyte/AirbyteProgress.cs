using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sophia.Pipelines;

/// <summary>Keeps the states of one reading: what was given back to the connector, what it has given since, and what a checkpoint is to say.</summary>
internal sealed class AirbyteProgress
{
    /// <summary>Generations of whole readings are counted round, so that the names they leave in heads stay few.</summary>
    private const int Generations = 999;

    private readonly AirbyteState before;
    private readonly string run;
    private readonly AirbyteCatalog catalog;
    private readonly Dictionary<string, JsonElement> states = new(StringComparer.Ordinal);
    private readonly HashSet<string> done = new(StringComparer.Ordinal);
    private readonly long followedBefore;
    private string? kind;
    private JsonElement? shared;
    private bool advanced;

    public AirbyteProgress(AirbyteState before, string run, bool fullRefresh, AirbyteCatalog catalog)
    {
        (this.before, this.run, this.catalog) = (before, run, catalog);
        var goesOn = before.Run == run;
        var anew = fullRefresh && !goesOn;
        if (!anew)
            (kind, shared, followedBefore) = (before.Kind, before.Shared, before.Followed);
        foreach (var stream in catalog.Streams)
        {
            var known = before.Streams?.FirstOrDefault(each => each.Name == stream.Name && each.Namespace == stream.Namespace);
            if (!anew && known?.State is { } state && (stream.IsIncremental || goesOn))
                states[AirbyteStream.KeyOf(stream.Namespace, stream.Name)] = state;
            if (stream.IsIncremental)
                continue;
            stream.Generation = goesOn && known is { Generation: > 0 } ? known.Generation : (known?.Generation ?? 0) % Generations + 1;
            stream.Count = goesOn && known?.State is not null ? known.Count : 0;
        }
        if (kind == "legacy" && catalog.Streams.All(stream => !stream.IsIncremental) && !goesOn)
            (kind, shared) = (null, null);
        Tries = goesOn ? before.Tries + 1 : 0;
    }

    /// <summary>How often this run began to read without a new state since.</summary>
    public int Tries { get; private set; }

    /// <summary>Records that the source is known to hold: of whole streams what this reading met, of followed ones whatever was ever read.</summary>
    public long Held => catalog.Streams.Sum(stream => stream.Count) + followedBefore;

    /// <summary>The state as the connector is given it, or null where there is none.</summary>
    public string? Given()
    {
        if (kind == "legacy")
            return shared?.GetRawText();
        if (kind is null || (states.Count == 0 && shared is null))
            return null;
        var streams = new JsonArray([.. catalog.Streams.Where(Has).Select(StreamNode)]);
        return kind == "global"
            ? new JsonArray(new JsonObject { ["type"] = "GLOBAL", ["global"] = new JsonObject { ["shared_state"] = Node(shared), ["stream_states"] = streams } }).ToJsonString()
            : new JsonArray([.. streams.Select(stream => new JsonObject { ["type"] = "STREAM", ["stream"] = stream!.DeepClone() })]).ToJsonString();
    }

    /// <summary>Takes a state over; answers what is wrong with it, or with the count that it states, or null.</summary>
    public string? Take(JsonElement message)
    {
        var type = ConnectorVoice.TextOf(message, "type");
        if (type is null or "LEGACY")
            return TakeLegacy(message);
        if (type == "STREAM" && message.TryGetProperty("stream", out var stream))
            return TakeStream(stream) is { } named ? Advance("stream") ?? Compare(message, [named]) : "A state names a stream that is not read; it is left aside.";
        if (type == "GLOBAL" && message.TryGetProperty("global", out var global) && global.ValueKind == JsonValueKind.Object)
        {
            shared = global.TryGetProperty("shared_state", out var whole) && whole.ValueKind != JsonValueKind.Null ? whole.Clone() : null;
            if (global.TryGetProperty("stream_states", out var list) && list.ValueKind == JsonValueKind.Array)
                foreach (var each in list.EnumerateArray())
                    TakeStream(each);
            return Advance("global") ?? Compare(message, catalog.Streams);
        }
        return "A state has none of the forms of the protocol; it is left aside.";
    }

    /// <summary>The stream was read to its end.</summary>
    public void Done(AirbyteStream stream) => done.Add(AirbyteStream.KeyOf(stream.Namespace, stream.Name));

    public long LastCount(AirbyteStream stream) => Of(stream)?.Last ?? 0;

    /// <summary>What a checkpoint remembers.</summary>
    public override string ToString() => new AirbyteState(AirbyteState.CurrentFormat, run, advanced ? 0 : Tries, kind, shared,
        [.. catalog.Streams.Where(stream => Has(stream) || !stream.IsIncremental).Select(Kept)], followedBefore + catalog.Streams.Where(stream => stream.IsIncremental).Sum(stream => stream.Count)).ToString();

    private AirbyteStreamState Kept(AirbyteStream stream)
    {
        var name = AirbyteStream.KeyOf(stream.Namespace, stream.Name);
        return new AirbyteStreamState(stream.Namespace, stream.Name, states.TryGetValue(name, out var state) ? state : null, stream.Generation,
            stream.IsIncremental ? 0 : stream.Count, stream.IsIncremental ? 0 : done.Contains(name) ? stream.Count : LastCount(stream));
    }

    private AirbyteStreamState? Of(AirbyteStream stream) => before.Streams?.FirstOrDefault(each => each.Name == stream.Name && each.Namespace == stream.Namespace);

    private bool Has(AirbyteStream stream) => states.ContainsKey(AirbyteStream.KeyOf(stream.Namespace, stream.Name));

    private JsonNode? StreamNode(AirbyteStream stream)
    {
        var descriptor = new JsonObject { ["name"] = stream.Name };
        if (stream.Namespace is { } space)
            descriptor["namespace"] = space;
        return new JsonObject { ["stream_descriptor"] = descriptor, ["stream_state"] = Node(states[AirbyteStream.KeyOf(stream.Namespace, stream.Name)]) };
    }

    private string? TakeLegacy(JsonElement message)
    {
        if (!message.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object)
            return "A state has no data; it is left aside.";
        shared = data.Clone();
        return Advance("legacy") ?? Compare(message, catalog.Streams);
    }

    private AirbyteStream? TakeStream(JsonElement state)
    {
        if (state.ValueKind != JsonValueKind.Object || !state.TryGetProperty("stream_descriptor", out var descriptor) || ConnectorVoice.TextOf(descriptor, "name") is not { } name)
            return null;
        var space = ConnectorVoice.TextOf(descriptor, "namespace") is { Length: > 0 } stated ? stated : null;
        if (catalog.Find(space, name) is not { } stream)
            return null;
        if (state.TryGetProperty("stream_state", out var blob) && blob.ValueKind != JsonValueKind.Null)
            states[AirbyteStream.KeyOf(space, name)] = blob.Clone();
        else
            states.Remove(AirbyteStream.KeyOf(space, name));
        return stream;
    }

    private string? Advance(string now)
    {
        advanced = true;
        var was = kind;
        kind = now;
        return was is null || was == now ? null : $"The connector gave {was} states before and gives {now} ones now; the newest counts.";
    }

    private static string? Compare(JsonElement message, IReadOnlyList<AirbyteStream> covered)
    {
        var arrived = covered.Sum(stream => stream.SinceState);
        foreach (var stream in covered)
            stream.SinceState = 0;
        if (!message.TryGetProperty("sourceStats", out var stats) || !stats.TryGetProperty("recordCount", out var count) || count.ValueKind != JsonValueKind.Number || count.GetDouble() == arrived)
            return null;
        return string.Create(CultureInfo.InvariantCulture, $"A state{(covered.Count == 1 ? $" of stream {covered[0].Name}" : "")} says that {count.GetDouble():0} records came since the one before; {arrived} arrived.");
    }

    private static JsonNode? Node(JsonElement? element) => element is { } known ? JsonNode.Parse(known.GetRawText()) : null;
}
